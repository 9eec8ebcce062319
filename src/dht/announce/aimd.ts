/**
 * Limits the number of concurrent announcements by additive increase and multiplicative decrease
 * (AIMD). The limit grows while nearly all announcements succeed quickly, and halves when too many
 * fail.
 *
 * @module
 */

/**
 * Number of announcements that are evaluated together to adjust the limit of concurrent
 * announcements.
 */
const WINDOW = 20;
/**
 * Share of successful announcements above which the limit grows by one, unless at least half of the
 * announcements were slow.
 */
const GROW_ABOVE = 0.95;
/** Share of successful announcements below which the limit is halved. */
const SHRINK_BELOW = 0.9;
const MIN = 1;
const MAX = 64;
/**
 * A successful announcement counts as slow if it takes this many times the shortest duration so
 * far.
 */
const SLOW_FACTOR = 4;
/** An announcement that takes less time than this never counts as slow. */
const ALWAYS_FAST_MS = 1_000;

/** The limit on concurrent announcements, adjusted by AIMD after every 20 announcements. */
export class AimdLimit {
  #limit = 4;
  #seen = 0;
  #good = 0;
  #slow = 0;
  #bestMs = Infinity;

  /** Maximum number of concurrent announcements, 1 to 64. */
  get limit(): number {
    return this.#limit;
  }

  /** Adds the outcome of one announcement, and its duration in milliseconds. */
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
