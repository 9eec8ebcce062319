/**
 * How long the nodes that hold our records stay, learnt from what each announcement finds of the one
 * before. A record whose holders are all gone is found by nobody until it is put again.
 *
 * @module
 */

/** What is remembered fades by this factor with each announcement: some hundred count. */
const FADE = 0.99;
/** Fewer say too little. Five announcements of a record with eight have more. */
const LEAST_HOLDERS = 36;

/** Smoothed half-life of holders; fed with every announcement but the first of a record. */
export class HolderHalfLife {
  #holders = 0;
  #stayed = 0;
  /** Sum over the holders of the time between the two announcements. */
  #heldMs = 0;

  /** Takes in that of so many `holders` so many `stayed` for `afterMs` milliseconds. */
  add(holders: number, stayed: number, afterMs: number): void {
    if (holders <= 0 || afterMs <= 0) return;
    this.#holders = this.#holders * FADE + holders;
    this.#stayed = this.#stayed * FADE + Math.min(stayed, holders);
    this.#heldMs = this.#heldMs * FADE + holders * afterMs;
  }

  /** After how long half of the holders of a record are gone, milliseconds; infinite if none goes. */
  get halfLifeMs(): number {
    if (this.#holders < LEAST_HOLDERS) return Infinity;
    const share = Math.max(this.#stayed / this.#holders, 1 / this.#holders);
    if (share >= 1) return Infinity;
    return this.#heldMs / this.#holders * Math.LN2 / -Math.log(share);
  }
}
