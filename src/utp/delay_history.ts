/**
 * Queueing delay from one-way delays (RFC 6817, section 3.4.2). The clocks of two machines differ, so
 * a one-way delay means something only in comparison with the lowest one: the base delay.
 *
 * @module
 */

/** Number of minutes whose lowest delays are remembered (RFC 6817: `BASE_HISTORY`). */
const MINUTES = 10;
const MINUTE_US = 60_000_000;
/**
 * Number of samples of which the lowest counts (RFC 6817: `CURRENT_FILTER`). A single packet may have
 * waited in one of the two machines, which says nothing about the path.
 */
const FILTERED = 4;

/** Whether a delay is lower than another. Delays are 32-bit numbers that wrap around. */
function isLower(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** The delays of one direction of a connection, microseconds modulo 2^32. */
export class DelayHistory {
  /** The lowest delay of each of the last minutes, the current one last. */
  readonly #lowest: number[] = [];
  #minuteEndsUs = 0;
  readonly #recent: number[] = [];
  #at = 0;
  #base: number | undefined;

  /** Lowest delay of the last ten minutes; `undefined` before the first sample. */
  get baseUs(): number | undefined {
    return this.#base;
  }

  /**
   * Adds a sample.
   *
   * @param delayUs one-way delay, modulo 2^32
   * @param nowUs time of arrival
   */
  add(delayUs: number, nowUs: number): void {
    if (nowUs >= this.#minuteEndsUs) {
      this.#lowest.push(delayUs);
      if (this.#lowest.length > MINUTES) this.#lowest.shift();
      this.#minuteEndsUs = nowUs + MINUTE_US;
      this.#base = this.#lowest.reduce((base, one) => isLower(one, base) ? one : base);
    } else {
      const last = this.#lowest.length - 1;
      if (isLower(delayUs, this.#lowest[last]!)) this.#lowest[last] = delayUs;
      if (isLower(delayUs, this.#base!)) this.#base = delayUs;
    }
    this.#recent[this.#at] = delayUs;
    this.#at = (this.#at + 1) % FILTERED;
  }

  /** Queueing delay: the lowest of the last four samples above the base delay, in microseconds. */
  get queueUs(): number {
    const base = this.#base;
    if (base === undefined) return 0;
    let least = Infinity;
    for (const delay of this.#recent) least = Math.min(least, (delay - base) >>> 0);
    return least;
  }

  /**
   * Raises all base delays. To be called when the delays of the other direction have become shorter:
   * then the clocks have drifted apart, and our delays seem longer than they are.
   */
  shift(byUs: number): void {
    for (let i = 0; i < this.#lowest.length; i++) {
      this.#lowest[i] = (this.#lowest[i]! + byUs) >>> 0;
    }
    if (this.#base !== undefined) this.#base = (this.#base + byUs) >>> 0;
  }
}

/**
 * Maximum correction for drift at one sample, in microseconds. A larger change of the other direction
 * is a change of its path.
 */
const MAX_DRIFT_US = 10_000;

/** Both directions of a connection: measures our queueing delay, corrected for clocks that drift. */
export class DelayMeter {
  readonly #ours = new DelayHistory();
  readonly #theirs = new DelayHistory();
  /** One-way delay of the last packet that we received, which our next packet reports. */
  reportedUs = 0;

  /**
   * Notes the times of a received packet.
   *
   * @param timestampUs the sender's time when it sent the packet
   * @param delayUs the one-way delay of our packets that it reports; 0 if it reports none
   */
  received(timestampUs: number, delayUs: number, nowUs: number): void {
    const before = this.#theirs.baseUs;
    this.reportedUs = (nowUs - timestampUs) >>> 0;
    this.#theirs.add(this.reportedUs, nowUs);
    const drift = before === undefined ? 0 : (before - this.#theirs.baseUs!) | 0;
    if (drift > 0 && drift <= MAX_DRIFT_US) this.#ours.shift(drift);
    if (delayUs !== 0) this.#ours.add(delayUs, nowUs);
  }

  /** Queueing delay of our packets, in microseconds. */
  get queueUs(): number {
    return this.#ours.queueUs;
  }
}
