/**
 * How many records to announce at once: more while nearly all succeed fast, fewer when they do not.
 *
 * @module
 */

/** Outcomes looked at before a change. */
const WINDOW = 20;
/** Grow above this share of successes, shrink below the other. */
const GROW_ABOVE = 0.95;
const SHRINK_BELOW = 0.9;
const MIN = 1;
const MAX = 64;
/** Latency may rise to this multiple of the best seen before it counts as slow. */
const SLOW_FACTOR = 4;
/** Below this many milliseconds nothing counts as slow. */
const ALWAYS_FAST_MS = 1_000;

/** Additive increase, multiplicative decrease over windows of outcomes. */
export class AimdLimit {
  #limit = 4;
  #seen = 0;
  #good = 0;
  #slow = 0;
  #bestMs = Infinity;

  /** How many may be under way at once. */
  get limit(): number {
    return this.#limit;
  }

  /** Takes in one outcome and how long it took, milliseconds. */
  add(succeeded: boolean, tookMs: number): void {
    this.#seen++;
    if (succeeded) {
      this.#good++;
      this.#bestMs = Math.min(this.#bestMs, tookMs);
      if (tookMs > Math.max(this.#bestMs * SLOW_FACTOR, ALWAYS_FAST_MS)) this.#slow++;
    }
    if (this.#seen < WINDOW) return;
    const share = this.#good / this.#seen;
    if (share < SHRINK_BELOW) this.#limit = Math.max(Math.floor(this.#limit / 2), MIN);
    else if (share > GROW_ABOVE && this.#slow < this.#seen / 2) {
      this.#limit = Math.min(this.#limit + 1, MAX);
    }
    this.#seen = this.#good = this.#slow = 0;
  }
}
