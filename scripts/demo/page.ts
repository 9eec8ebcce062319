/**
 * The demo's layout on a terminal: numbered steps, commands as a user types them, and their
 * indented output. Colours are used only on a terminal that supports and permits them. The caller
 * provides the texts.
 */

import type { Clock } from "../../src/base/mod.ts";

/** Kind of a line of the demo: a result, a side remark, a success, a failure. */
export type Tone = "plain" | "aside" | "good" | "bad";

const colors: Record<Tone, [string, string] | undefined> = {
  plain: undefined,
  aside: ["\x1b[2m", "\x1b[22m"],
  good: ["\x1b[32m", "\x1b[39m"],
  bad: ["\x1b[31m", "\x1b[39m"],
};

/** Default width of lines, where no terminal reports its width. */
const DEFAULT_COLUMNS = 100;
const INDENT = "   ";
const FULL_PIPE_PAUSE_MS = 5;

/** Returns the terminal's width. Some terminals report 0 or nothing; then the default applies. */
function terminalColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    return columns >= 40 ? columns : DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS;
  }
}

/** Writes the demo's lines to standard output. */
export class Page {
  readonly #clock: Clock;
  readonly #color: boolean;
  readonly #columns: number;
  #steps = 0;
  #begunMs = 0;
  #readerGone = false;

  constructor(clock: Clock, env: Record<string, string | undefined>) {
    this.#clock = clock;
    const isTerminal = Deno.stdout.isTerminal();
    // no-color.org: `NO_COLOR` disables colours if it has any value except the empty one.
    this.#color = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
    this.#columns = isTerminal ? terminalColumns() : DEFAULT_COLUMNS;
  }

  /** Number of the demo's steps started so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Starts a numbered step of the demo. */
  step(title: string): void {
    this.#steps++;
    this.#begunMs = this.#clock.now();
    const line = `${this.#steps}. ${title}`;
    this.#write(`\n${this.#color ? `\x1b[1m${line}\x1b[22m` : line}`);
  }

  /** Prints the result and the duration of a step. */
  done(what: string): void {
    const seconds = (this.#clock.now() - this.#begunMs) / 1_000;
    this.say(`${what} (${seconds.toFixed(2)} s)`, "good");
  }

  /** Prints a command as the demo's spectator could type it. */
  command(who: string, line: string): void {
    this.say(`${who}$ ${line}`);
  }

  /** Prints a line of a program's output. Of a long line, the middle is omitted. */
  output(line: string, tone: Tone): void {
    const room = this.#columns - 2 * INDENT.length;
    const letters = [...line.replaceAll("\t", "  ")];
    const half = (room - 1) / 2;
    const shown = letters.length <= room
      ? letters.join("")
      : `${letters.slice(0, Math.ceil(half)).join("")}…${
        letters.slice(-Math.floor(half)).join("")
      }`;
    this.say(INDENT + shown, tone);
  }

  /** Prints a line of the demo's own text, indented. */
  say(line: string, tone: Tone = "plain"): void {
    this.#write(INDENT + this.#paint(line, tone));
  }

  /** Prints a line without indentation. */
  title(line: string, tone: Tone = "plain"): void {
    this.#write(this.#paint(line, tone));
  }

  #paint(line: string, tone: Tone): string {
    const color = colors[tone];
    return this.#color && color ? color[0] + line + color[1] : line;
  }

  /**
   * Writes a line to standard output. Throws if the reader has closed the pipe, which ends the
   * demo.
   */
  #write(line: string): void {
    if (this.#readerGone) return;
    const bytes = new TextEncoder().encode(`${line}\n`);
    for (let at = 0; at < bytes.length;) {
      try {
        at += Deno.stdout.writeSync(bytes.subarray(at));
      } catch (error) {
        this.#readerGone = !(error instanceof Deno.errors.WouldBlock);
        if (this.#readerGone) throw error;
        // Standard output is a full pipe that another process has made non-blocking. The demo waits
        // and tries again.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
      }
    }
  }
}
