/**
 * Round-trip time estimator, like TCP's retransmission timer (RFC 6298). It sets the time that a
 * lookup waits for a reply before it queries another node as well. Among near nodes, a dead node
 * then costs little time; among far nodes, slow live nodes are not given up.
 *
 * @module
 */

/** Time to wait for a reply before the first measurement, milliseconds. */
const INITIAL_MS = 500;
/** Minimum time to wait for a reply (ms), because a busy machine can stall for tens of milliseconds. */
const MIN_MS = 60;
/** Timeout of a query (ms); npm:k-rpc has the same default. */
export const QUERY_TIMEOUT_MS = 2_000;

/**
 * Estimates the round-trip time of queries and its variation, by moving averages that each reply
 * updates.
 */
export class RttEstimator {
  #smoothedMs: number | undefined;
  #variationMs = 0;

  /** Updates the estimate with the round-trip time of one reply, milliseconds. */
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

  /** Time to wait for a reply before a lookup queries another node as well, milliseconds. */
  get patienceMs(): number {
    if (this.#smoothedMs === undefined) return INITIAL_MS;
    const wanted = this.#smoothedMs + 4 * this.#variationMs;
    return Math.min(Math.max(wanted, MIN_MS), QUERY_TIMEOUT_MS);
  }
}
