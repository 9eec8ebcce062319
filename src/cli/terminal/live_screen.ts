/**
 * A full-screen display for `status --watch`, redrawn in place. Uses the terminal's alternate
 * screen, so the previous contents of the terminal reappear when the display ends.
 *
 * @module
 */

import type { Sink } from "../process/context.ts";
import { printable } from "./format.ts";

/**
 * Escape sequences of xterm-compatible terminals: DEC private modes 1049 (alternate screen) and 25
 * (cursor).
 */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const ERASE_LINE_END = "\x1b[K";
const ERASE_BELOW = "\x1b[J";

/** Whether a stream is a terminal that supports cursor control. */
export function isScreen(sink: Sink, env: Record<string, string | undefined>): boolean {
  return sink.isTerminal && env.TERM !== "dumb";
}

/**
 * The terminal's alternate screen. The constructor switches to it; disposing of the object switches
 * back.
 */
export class LiveScreen implements Disposable {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#write(ENTER);
  }

  /** Width of the terminal in columns, at least 1. */
  get columns(): number {
    return Math.max(this.#sink.columns(), 1);
  }

  /** Height of the terminal in lines, at least 1. */
  get rows(): number {
    return Math.max(this.#sink.rows(), 1);
  }

  /**
   * Replaces the contents of the screen. If the lines do not fit, the last row says how many are
   * omitted. Control characters are escaped.
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
      // A failed write means that the terminal was closed, so there is no screen to restore.
    }
  }

  #write(text: string): void {
    this.#sink.write(new TextEncoder().encode(text));
  }
}
