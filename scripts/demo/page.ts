/**
 * The demo's layout: numbered steps, commands as a user types them, their output indented. Colours
 * only on a terminal that supports and allows them. The caller provides the texts.
 *
 * @module
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

/** Width of lines where no terminal reports its width. */
const DEFAULT_COLUMNS = 100;
const INDENT = "   ";
const FULL_PIPE_PAUSE_MS = 5;

/** The terminal's width. Some terminals report 0 or nothing. */
function terminalColumns(): number {
  try {
    const { columns } = Deno.consoleSize();
    return columns >= 40 ? columns : DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS;
  }
}

/** Writes the demo to standard output. */
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
    // no-color.org: any value except the empty one disables colours.
    this.#color = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
    this.#columns = isTerminal ? terminalColumns() : DEFAULT_COLUMNS;
  }

  /** Number of steps so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Starts a step. */
  step(title: string): void {
    this.#steps++;
    this.#begunMs = this.#clock.now();
    const line = `${this.#steps}. ${title}`;
    this.#write(`\n${this.#color ? `\x1b[1m${line}\x1b[22m` : line}`);
  }

  /** Prints a step's result and duration. */
  done(what: string): void {
    const seconds = (this.#clock.now() - this.#begunMs) / 1_000;
    this.say(`${what} (${seconds.toFixed(2)} s)`, "good");
  }

  /** Prints a command as the reader could type it. */
  command(who: string, line: string): void {
    this.say(`${who}$ ${line}`);
  }

  /** Prints a line of a program's output; the middle of a long one is left out. */
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

  /** Prints a line of our own, indented. */
  say(line: string, tone: Tone = "plain"): void {
    this.#write(INDENT + this.#paint(line, tone));
  }

  /** Prints a line at the margin. */
  title(line: string, tone: Tone = "plain"): void {
    this.#write(this.#paint(line, tone));
  }

  #paint(line: string, tone: Tone): string {
    const color = colors[tone];
    return this.#color && color ? color[0] + line + color[1] : line;
  }

  /** Writes a line. Throws when the reader has closed the output, which ends the demo. */
  #write(line: string): void {
    if (this.#readerGone) return;
    const bytes = new TextEncoder().encode(`${line}\n`);
    for (let at = 0; at < bytes.length;) {
      try {
        at += Deno.stdout.writeSync(bytes.subarray(at));
      } catch (error) {
        this.#readerGone = !(error instanceof Deno.errors.WouldBlock);
        if (this.#readerGone) throw error;
        // Another process made the pipe non-blocking, and the pipe is full.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
      }
    }
  }
}
