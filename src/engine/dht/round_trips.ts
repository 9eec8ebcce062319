/**
 * The round-trip times of the last queries, of both DHT nodes together.
 *
 * @module
 */

/** Number of times that are remembered. */
const REMEMBERED = 256;

/** The round-trip times of the last 256 queries that were answered. */
export class RoundTrips {
  readonly #timesMs = new Float64Array(REMEMBERED);
  #count = 0;

  /** Remembers the round-trip time of a query, milliseconds. */
  add(roundTripMs: number): void {
    this.#timesMs[this.#count++ % REMEMBERED] = roundTripMs;
  }

  /** Median of the remembered times, milliseconds; `undefined` before the first. */
  get medianMs(): number | undefined {
    const sorted = this.#timesMs.slice(0, Math.min(this.#count, REMEMBERED)).sort();
    if (sorted.length === 0) return undefined;
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
  }
}
