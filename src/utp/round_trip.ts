/**
 * Round-trip time, and the time after which an unacknowledged packet counts as lost (RFC 6298).
 *
 * @module
 */

/** Retransmission timeout before the first measurement. */
const FIRST_RTO_US = 1_000_000;
/** Shortest retransmission timeout (BEP 29). */
const MIN_RTO_US = 500_000;
/** Longest retransmission timeout. */
const MAX_RTO_US = 8_000_000;
/** Time above the shortest round trip that counts as a stall of an end, not as a queue, µs. */
const MAX_QUEUE_US = 1_000_000;

/** Estimates the round-trip time of a connection. Times are microseconds. */
export class RoundTrip {
  #smoothedUs: number | undefined;
  #variationUs = 0;
  #backOff = 1;
  /** The last measurement, and the lowest one. */
  latestUs = 0;
  lowestUs = Infinity;

  /** Smoothed round-trip time; 0 before the first measurement. */
  get smoothedUs(): number {
    return this.#smoothedUs ?? 0;
  }

  /**
   * The smoothed or the last measurement, whichever is lower, without stalls: after one end got no
   * processor for seconds, the smoothed one takes dozens of measurements to come down.
   */
  get currentUs(): number {
    return Math.min(this.smoothedUs, this.latestUs, this.lowestUs + MAX_QUEUE_US);
  }

  /** Retransmission timeout, with exponential back-off. */
  get timeoutUs(): number {
    const measured = this.#smoothedUs === undefined
      ? FIRST_RTO_US
      : Math.max(this.#smoothedUs + 4 * this.#variationUs, MIN_RTO_US);
    return Math.min(measured * this.#backOff, MAX_RTO_US);
  }

  /** Adds the measurement of a packet that was sent once. */
  add(rttUs: number): void {
    this.latestUs = rttUs;
    this.lowestUs = Math.min(this.lowestUs, rttUs);
    if (this.#smoothedUs === undefined) {
      this.#smoothedUs = rttUs;
      this.#variationUs = rttUs / 2;
    } else {
      this.#variationUs += (Math.abs(rttUs - this.#smoothedUs) - this.#variationUs) / 4;
      this.#smoothedUs += (rttUs - this.#smoothedUs) / 8;
    }
  }

  /** Doubles the timeout, after a timeout. */
  backOff(): void {
    this.#backOff = Math.min(this.#backOff * 2, 64);
  }

  /** Ends the back-off, after an acknowledgement of something new. */
  progress(): void {
    this.#backOff = 1;
  }
}
