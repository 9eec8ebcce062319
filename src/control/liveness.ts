/**
 * Monitors whether the host is alive while it works on a request: after a silence the monitor sends a
 * probe, and reports a host that does not answer it. The caller decides whether to go on waiting.
 *
 * @module
 */

import type { Clock, Timer } from "../base/mod.ts";

/** Silence before a probe is sent, and time limit of the probe (ms). A busy daemon answers within 1 s. */
export const SILENT_AFTER_MS = 3_000;

/** Options of {@linkcode LivenessMonitor}. */
export interface LivenessOptions {
  clock: Clock;
  /** Called at most once, when the host has not answered a probe. */
  onSilence: () => void;
  /**
   * Sends a request that the host answers at once, which distinguishes long work from a hung host.
   * Resolves or rejects with the answer.
   */
  probe: (signal: AbortSignal) => Promise<unknown>;
}

/** Monitors one request. */
export class LivenessMonitor implements Disposable {
  readonly #options: LivenessOptions;
  readonly #ended = new AbortController();
  #timer: Timer | undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
    // A host sends the head of its answer at once, so a missing head needs no probe.
    this.#timer = options.clock.after(SILENT_AFTER_MS, () => this.#report());
  }

  /** Restarts the silence: the host has accepted the request or sent a part of its answer. */
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
      // A part of the answer may have come meanwhile, and restarted the silence.
      if (this.#timer === timer) this.heard();
    };
    this.#options.probe(this.#ended.signal).then(answered, answered);
  }

  /** Reports the silent host and ends the monitor. */
  #report(): void {
    this[Symbol.dispose]();
    this.#options.onSilence();
  }
}
