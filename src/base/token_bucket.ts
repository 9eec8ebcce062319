/**
 * A token bucket: each event takes a token, and tokens come back at a steady rate up to a capacity.
 *
 * @module
 */

/** Parameters of a token bucket. */
export interface TokenRate {
  /** Capacity in tokens; a new bucket is full. */
  burst: number;
  /** Refill rate, tokens a second. */
  perSecond: number;
}

/** A token bucket. The caller hands in the time, in milliseconds from any origin. */
export class TokenBucket {
  /** The parameters; a change holds from the next refill on. */
  rate: TokenRate;
  /** Tokens at the last refill; negative if more were taken than there were. */
  tokens: number;
  #filledMs: number;

  constructor(rate: TokenRate, nowMs: number) {
    this.rate = rate;
    this.tokens = rate.burst;
    this.#filledMs = nowMs;
  }

  /** Adds the tokens of the time since the last refill. @returns the tokens that there are then */
  fill(nowMs: number): number {
    const { burst, perSecond } = this.rate;
    // A clock that is set back adds nothing, and refilling goes on from the new time.
    const elapsedMs = Math.max(nowMs - this.#filledMs, 0);
    this.#filledMs = nowMs;
    this.tokens = Math.min(this.tokens + elapsedMs / 1_000 * perSecond, burst);
    return this.tokens;
  }

  /** Refills, then takes one token. @returns `false` if there was none */
  take(nowMs: number): boolean {
    if (this.fill(nowMs) < 1) return false;
    this.tokens--;
    return true;
  }
}
