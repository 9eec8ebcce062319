/**
 * Notices that the process which owns the engine does not answer, so that whoever waits for it is told.
 * Ending the wait is the caller's business.
 *
 * @module
 */

import type { Clock, Timer } from "../base/mod.ts";

/**
 * How long nothing may come before the silence is looked at, milliseconds. A daemon that is busy takes
 * less than a second to answer.
 */
export const SILENT_AFTER_MS = 3_000;

/** Options of {@linkcode SilenceWatch}. */
export interface SilenceOptions {
  clock: Clock;
  /** Called once, when the other process has not answered. */
  onSilence: () => void;
  /**
   * Asks the other process something that it answers at once, so that long work can be told from
   * silence. Resolves or rejects when it has answered.
   */
  probe: (signal: AbortSignal) => Promise<unknown>;
}

/** Watches over one request. */
export class SilenceWatch implements Disposable {
  readonly #options: SilenceOptions;
  readonly #ended = new AbortController();
  #timer: Timer | undefined;

  constructor(options: SilenceOptions) {
    this.#options = options;
    // Not even the head of the answer has come: no question is needed.
    this.#timer = options.clock.after(SILENT_AFTER_MS, () => this.#tell());
  }

  /** Takes in that the request was taken, or that a part of its answer came. */
  heard(): void {
    if (this.#ended.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(SILENT_AFTER_MS, () => this.#ask());
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#ended.abort();
  }

  #ask(): void {
    const timer = this.#options.clock.after(SILENT_AFTER_MS, () => this.#tell());
    this.#timer = timer;
    const answered = () => {
      // Something else may have been heard meanwhile.
      if (this.#timer === timer) this.heard();
    };
    this.#options.probe(this.#ended.signal).then(answered, answered);
  }

  /** Says it, and has nothing more to do. */
  #tell(): void {
    this[Symbol.dispose]();
    this.#options.onSilence();
  }
}
