/**
 * A screen that shows something anew again and again, in place. It is the terminal's second screen, so
 * what was there before is there again in the end.
 *
 * @module
 */

import type { Sink } from "../process/context.ts";
import { printable } from "./format.ts";

/** DEC private modes 1049 (second screen) and 25 (cursor), as xterm and all that follow it have them. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const ERASE_LINE_END = "\x1b[K";
const ERASE_BELOW = "\x1b[J";

/** Whether a stream is a terminal that can be drawn on. */
export function isScreen(sink: Sink, env: Record<string, string | undefined>): boolean {
  return sink.isTerminal && env.TERM !== "dumb";
}

/** The second screen of a terminal, for as long as it lives. */
export class LiveScreen implements Disposable {
  readonly #sink: Sink;

  /** Enters the screen; dispose of it to leave it. */
  constructor(sink: Sink) {
    this.#sink = sink;
    this.#write(ENTER);
  }

  /** Width for {@linkcode show}. */
  get columns(): number {
    return Math.max(this.#sink.columns(), 1);
  }

  /** Height for {@linkcode show}. */
  get rows(): number {
    return Math.max(this.#sink.rows(), 1);
  }

  /**
   * Shows lines in place of those that were there. What is below the last line of the screen is left
   * out, and its last line says so. What a terminal would obey is made visible.
   */
  show(lines: readonly string[]): void {
    const { rows } = this;
    const shown = lines.length <= rows
      ? lines
      : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
    const text = shown.map((line) => printable(line) + ERASE_LINE_END).join("\r\n");
    this.#write(HOME + text + ERASE_BELOW);
  }

  /** Leaves the screen. */
  [Symbol.dispose](): void {
    try {
      this.#write(LEAVE);
    } catch {
      // A terminal that has gone has nothing to tidy up.
    }
  }

  #write(text: string): void {
    this.#sink.write(new TextEncoder().encode(text));
  }
}
