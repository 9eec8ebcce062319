/**
 * One transfer from a web seed: the type of the function that begins it, and its time limit.
 *
 * @module
 */

import { type Clock, every, type Timer } from "../../base/mod.ts";
import type { FetchedRange, RangeOrder } from "../../gate/mod.ts";

/** Requests a range of a file. Throws if the server does not answer with that range. */
export type FetchRange = (order: RangeOrder, signal: AbortSignal) => Promise<FetchedRange>;

/** Time in which a web seed has to send at least {@linkcode MIN_BYTES} (ms), and its number of ticks. */
const INTERVAL_MS = 15_000;
const TICKS = 15;
const MIN_BYTES = 16 * 1024;

/** Reason for which a transfer without progress is aborted. The web seed may send again later. */
export class Stalled extends Error {}

/** Reason for which a transfer is aborted whose piece peers send faster. */
export class HandedOver extends Error {}

/**
 * Aborts a transfer that makes no progress. The time in which we do not read does not count, nor does
 * more than a tick of the time in which this process stood still, as in a suspended machine: bytes that
 * have arrived meanwhile are read before the next tick.
 */
export class NoProgress {
  readonly signal: AbortSignal;
  readonly #timer: Timer;
  readonly #late = new AbortController();
  #bytes = 0;
  #isReading = true;

  /** @param ended aborts the transfer too */
  constructor(clock: Clock, ended: AbortSignal) {
    this.signal = AbortSignal.any([ended, this.#late.signal]);
    let wasReading = true;
    let ticks = 0;
    this.#timer = every(clock, INTERVAL_MS / TICKS, () => {
      if (++ticks % TICKS !== 0) return;
      if (wasReading && this.#isReading && this.#bytes < MIN_BYTES) {
        this.abort(new Stalled(`It sent ${this.#bytes} bytes in ${INTERVAL_MS / 1_000} s`));
      }
      this.#bytes = 0;
      wasReading = this.#isReading;
    });
  }

  /** Passes bytes on and counts them. */
  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of body) {
      this.#bytes += bytes.length;
      this.#isReading = false;
      yield bytes;
      this.#isReading = true;
    }
  }

  /** Aborts the transfer. */
  abort(reason: Error): void {
    this.#late.abort(reason);
  }

  /** Ends the time limit. */
  end(): void {
    this.#timer.cancel();
  }
}
