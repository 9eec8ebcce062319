/**
 * A token bucket, which limits a rate: each event takes a token, and tokens are refilled at a
 * steady rate up to a capacity.
 *
 * @module
 */

/** Parameters of a token bucket: capacity and refill rate. */
export interface TokenRate {
  /** Capacity of the bucket in tokens. A new bucket is full. */
  burst: number;
  /** Refill rate of the bucket, tokens per second. */
  perSecond: number;
}

/** A token bucket. The caller passes the current time, in milliseconds from any origin. */
export class TokenBucket {
  /** Capacity and refill rate. A change takes effect at the next refill. */
  rate: TokenRate;
  /**
   * Number of tokens after the last refill and the events since. Negative if callers subtracted
   * more tokens than there were.
   */
  tokens: number;
  #filledMs: number;

  constructor(rate: TokenRate, nowMs: number) {
    this.rate = rate;
    this.tokens = rate.burst;
    this.#filledMs = nowMs;
  }

  /**
   * Refills the bucket for the time since the last refill.
   *
   * @returns the number of tokens after the refill
   */
  fill(nowMs: number): number {
    const { burst, perSecond } = this.rate;
    // If the clock was set back, add no tokens, and measure the next interval from the new time.
    const elapsedMs = Math.max(nowMs - this.#filledMs, 0);
    this.#filledMs = nowMs;
    this.tokens = Math.min(this.tokens + elapsedMs / 1_000 * perSecond, burst);
    return this.tokens;
  }

  /**
   * Refills the bucket, and takes one token.
   *
   * @returns `false` if the bucket was empty
   */
  take(nowMs: number): boolean {
    if (this.fill(nowMs) < 1) return false;
    this.tokens--;
    return true;
  }
}
