/**
 * A full-screen display that is redrawn in place, for `status --watch`. It uses the terminal's
 * alternate screen, so the previous contents return when it ends.
 *
 * @module
 */

import type { Sink } from "../process/context.ts";
import { printable } from "./format.ts";

/** DEC private modes 1049 (alternate screen) and 25 (cursor), as in xterm and its successors. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const ERASE_LINE_END = "\x1b[K";
const ERASE_BELOW = "\x1b[J";

/** Whether a stream is a terminal with cursor control. */
export function isScreen(sink: Sink, env: Record<string, string | undefined>): boolean {
  return sink.isTerminal && env.TERM !== "dumb";
}

/**
 * The terminal's alternate screen. Constructing it enters the screen, disposing of it leaves it.
 */
export class LiveScreen implements Disposable {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#write(ENTER);
  }

  /** Width in columns, at least 1. */
  get columns(): number {
    return Math.max(this.#sink.columns(), 1);
  }

  /** Height in lines, at least 1. */
  get rows(): number {
    return Math.max(this.#sink.rows(), 1);
  }

  /**
   * Replaces the contents of the screen. If there are more lines than rows, the last row gives the
   * number of omitted lines. Control characters are escaped.
   */
  show(lines: readonly string[]): void {
    const { rows } = this;
    const shown = lines.length <= rows
      ? lines
      : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
    const text = shown.map((line) => printable(line) + ERASE_LINE_END).join("\r\n");
    this.#write(HOME + text + ERASE_BELOW);
  }

  [Symbol.dispose](): void {
    try {
      this.#write(LEAVE);
    } catch {
      // The terminal was closed, so there is nothing to restore.
    }
  }

  #write(text: string): void {
    this.#sink.write(new TextEncoder().encode(text));
  }
}
