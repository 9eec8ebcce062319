/**
 * Estimates churn, the rate at which nodes leave the DHT, as the half-life of the nodes that hold
 * our records. The estimate comes from the share of holders that each announcement finds again. A
 * record whose holders have all left cannot be found until its next put.
 *
 * @module
 */

/**
 * Factor by which each announcement reduces the weight of older observations. About the last
 * hundred announcements count.
 */
const FADE = 0.99;
/**
 * Minimum number of observed holders for an estimate. Five announcements of a record with eight
 * holders exceed this number.
 */
const MIN_HOLDERS = 36;

/**
 * Moving estimate of the half-life of holders. Each announcement of a record, except its first,
 * updates the estimate.
 */
export class HolderHalfLife {
  #holders = 0;
  #stayed = 0;
  /**
   * Sum, over all observed holders, of the time between two announcements, in milliseconds. Older
   * observations have less weight.
   */
  #heldMs = 0;

  /**
   * Adds one observation: of `holders` nodes that held a record, `stayed` nodes still hold the
   * record after `afterMs` milliseconds.
   */
  add(holders: number, stayed: number, afterMs: number): void {
    if (holders <= 0 || afterMs <= 0) return;
    this.#holders = this.#holders * FADE + holders;
    this.#stayed = this.#stayed * FADE + Math.min(stayed, holders);
    this.#heldMs = this.#heldMs * FADE + holders * afterMs;
  }

  /** Time after which half of a record's holders have left, milliseconds; infinite if none leaves. */
  get halfLifeMs(): number {
    if (this.#holders < MIN_HOLDERS) return Infinity;
    const share = Math.max(this.#stayed / this.#holders, 1 / this.#holders);
    if (share >= 1) return Infinity;
    return this.#heldMs / this.#holders * Math.LN2 / -Math.log(share);
  }
}
