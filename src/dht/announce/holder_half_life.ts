/**
 * Estimates churn: the half-life of the nodes that hold our records, from the share of holders that each
 * announcement finds again. A record whose holders have all left cannot be found until its next put.
 *
 * @module
 */

/** Decay of older observations with each announcement, so that about the last hundred count. */
const FADE = 0.99;
/** Minimum number of observed holders; five announcements of a record with eight holders exceed it. */
const MIN_HOLDERS = 36;

/** Moving estimate of the half-life, updated with each announcement of a record but the first. */
export class HolderHalfLife {
  #holders = 0;
  #stayed = 0;
  /** Sum over all holders of the time between two announcements. */
  #heldMs = 0;

  /** Adds an observation: of `holders` nodes, `stayed` still hold the record after `afterMs` milliseconds. */
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
