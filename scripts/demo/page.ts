/**
 * How the demo looks: numbered steps, commands as one would type them, their output indented. Colours
 * only on a terminal that wants them. What is said is up to the caller.
 *
 * @module
 */

import type { Clock } from "../../src/base/mod.ts";

/** What a line is: a result, something said beside it, good news, bad news. */
export type Tone = "plain" | "aside" | "good" | "bad";

const colors: Record<Tone, [string, string] | undefined> = {
  plain: undefined,
  aside: ["\x1b[2m", "\x1b[22m"],
  good: ["\x1b[32m", "\x1b[39m"],
  bad: ["\x1b[31m", "\x1b[39m"],
};

/** Lines of programs are shortened to this many characters where no terminal says how wide it is. */
const DEFAULT_COLUMNS = 100;
const INDENT = "   ";
const FULL_PIPE_PAUSE_MS = 5;

/** Some terminals say 0, or nothing at all. */
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
    // no-color.org: any value but the empty one counts.
    this.#color = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
    this.#columns = isTerminal ? terminalColumns() : DEFAULT_COLUMNS;
  }

  /** How many steps there were. */
  get steps(): number {
    return this.#steps;
  }

  /** Begins a step. */
  step(title: string): void {
    this.#steps++;
    this.#begunMs = this.#clock.now();
    const line = `${this.#steps}. ${title}`;
    this.#write(`\n${this.#color ? `\x1b[1m${line}\x1b[22m` : line}`);
  }

  /** Says how long the step took. */
  done(what: string): void {
    const seconds = (this.#clock.now() - this.#begunMs) / 1_000;
    this.say(`${what} (${seconds.toFixed(2)} s)`, "good");
  }

  /** A command as the reader could type it. */
  command(who: string, line: string): void {
    this.say(`${who}$ ${line}`);
  }

  /** A line of a program's output, its middle left out if it is too long. */
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

  /** A line of our own, indented. */
  say(line: string, tone: Tone = "plain"): void {
    this.#write(INDENT + this.#paint(line, tone));
  }

  /** A line at the margin. */
  title(line: string, tone: Tone = "plain"): void {
    this.#write(this.#paint(line, tone));
  }

  #paint(line: string, tone: Tone): string {
    const color = colors[tone];
    return this.#color && color ? color[0] + line + color[1] : line;
  }

  /** Throws, once, if nobody reads any more: then there is nobody to tell the rest to either. */
  #write(line: string): void {
    if (this.#readerGone) return;
    const bytes = new TextEncoder().encode(`${line}\n`);
    for (let at = 0; at < bytes.length;) {
      try {
        at += Deno.stdout.writeSync(bytes.subarray(at));
      } catch (error) {
        this.#readerGone = !(error instanceof Deno.errors.WouldBlock);
        if (this.#readerGone) throw error;
        // Somebody made the pipe non-blocking, and it is full.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
      }
    }
  }
}
