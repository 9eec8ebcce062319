/**
 * How long to wait for a node before looking past it. Follows the round trips seen, as TCP's
 * retransmission timer does (RFC 6298), so that a lookup among near nodes loses little time on a
 * dead one, and one among far nodes does not give up on the living.
 *
 * @module
 */

/** Before anything was measured, milliseconds. */
const INITIAL_MS = 500;
/** Never look past a node sooner than this: a busy machine stalls for tens of milliseconds. */
const MIN_MS = 60;
/** Give up on a node altogether after this; k-rpc's own default. */
export const QUERY_TIMEOUT_MS = 2_000;

/** Smoothed round-trip time and its variation, fed with every answer. */
export class RttEstimator {
  #smoothedMs: number | undefined;
  #variationMs = 0;

  /** Takes in one measured round trip, milliseconds. */
  add(rttMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = rttMs;
      this.#variationMs = rttMs / 2;
      return;
    }
    this.#variationMs += (Math.abs(rttMs - this.#smoothedMs) - this.#variationMs) / 4;
    this.#smoothedMs += (rttMs - this.#smoothedMs) / 8;
  }

  /** Smoothed round-trip time, milliseconds; `undefined` before the first answer. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** After how many milliseconds without an answer a lookup should ask somebody else as well. */
  get patienceMs(): number {
    if (this.#smoothedMs === undefined) return INITIAL_MS;
    const wanted = this.#smoothedMs + 4 * this.#variationMs;
    return Math.min(Math.max(wanted, MIN_MS), QUERY_TIMEOUT_MS);
  }
}
