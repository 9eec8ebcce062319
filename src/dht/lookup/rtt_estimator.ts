/**
 * Round-trip time estimator, after TCP's retransmission timer (RFC 6298). It sets how long a lookup
 * waits for a node before it asks another as well: a lookup among near nodes loses little time on a
 * dead node, and one among far nodes does not give up on live ones.
 *
 * @module
 */

/** Patience before the first measurement. */
const INITIAL_MS = 500;
/** Minimum patience: a busy machine stalls for tens of milliseconds. */
const MIN_MS = 60;
/** Timeout of a query, which is also k-rpc's default. */
export const QUERY_TIMEOUT_MS = 2_000;

/** Smoothed round-trip time and its variation, updated with each reply. */
export class RttEstimator {
  #smoothedMs: number | undefined;
  #variationMs = 0;

  /** Adds one measured round trip, milliseconds. */
  add(rttMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = rttMs;
      this.#variationMs = rttMs / 2;
      return;
    }
    this.#variationMs += (Math.abs(rttMs - this.#smoothedMs) - this.#variationMs) / 4;
    this.#smoothedMs += (rttMs - this.#smoothedMs) / 8;
  }

  /** Smoothed round-trip time, milliseconds; `undefined` before the first reply. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** Milliseconds to wait for a reply before a lookup asks another node as well. */
  get patienceMs(): number {
    if (this.#smoothedMs === undefined) return INITIAL_MS;
    const wanted = this.#smoothedMs + 4 * this.#variationMs;
    return Math.min(Math.max(wanted, MIN_MS), QUERY_TIMEOUT_MS);
  }
}
