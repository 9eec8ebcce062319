/**
 * Watchdog for a request to the host. If no part of the answer arrives for a while, the watchdog
 * sends a probe, and reports a host that does not answer the probe. The caller decides whether to
 * wait longer.
 *
 * @module
 */

import type { Clock, Timer } from "../base/mod.ts";

/**
 * Time without data after which a probe is sent, and time limit for its answer (ms). A busy daemon
 * answers within 1 s.
 */
export const SILENT_AFTER_MS = 3_000;

/** Options of {@linkcode LivenessMonitor}. */
export interface LivenessOptions {
  clock: Clock;
  /** Called once if the host does not answer a probe. */
  onSilence: () => void;
  /**
   * Sends a request that a working host answers at once, however long the monitored request takes.
   * Resolves or rejects when the answer arrives.
   */
  probe: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Watchdog of one request: sends a probe when the answer pauses, and reports a host that does not
 * answer the probe.
 */
export class LivenessMonitor implements Disposable {
  readonly #options: LivenessOptions;
  readonly #ended = new AbortController();
  #timer: Timer | undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
    // A working host sends the headers of its answer at once. If they do not arrive in time, the
    // host is reported without a probe.
    this.#timer = options.clock.after(SILENT_AFTER_MS, () => this.#report());
  }

  /** Restarts the idle timer, when the host has accepted the request or sent a part of its answer. */
  heard(): void {
    if (this.#ended.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(SILENT_AFTER_MS, () => this.#probe());
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#ended.abort();
  }

  #probe(): void {
    const timer = this.#options.clock.after(SILENT_AFTER_MS, () => this.#report());
    this.#timer = timer;
    const answered = () => {
      // If a part of the monitored answer arrived after the probe was sent, a newer timer runs
      // already.
      if (this.#timer === timer) this.heard();
    };
    this.#options.probe(this.#ended.signal).then(answered, answered);
  }

  /** Reports the host as silent and ends the watchdog. */
  #report(): void {
    this[Symbol.dispose]();
    this.#options.onSilence();
  }
}
