/**
 * How close to a target the closest nodes of the network are, learnt from lookups that came to their
 * end. By it a lookup knows, before it has asked anybody, whether it has got there.
 *
 * @module
 */

/** The farthest of the closest nodes differs by a bit or so from target to target. */
const TOLERATED_BITS = 1;
/** Share of each new lookup in what is remembered. */
const WEIGHT = 1 / 8;

/** Smoothed closeness of the farthest of the closest nodes, in bits; fed with every finished lookup. */
export class DistanceEstimate {
  #bits: number | undefined;

  /** Takes in how close the farthest of the closest nodes of a finished lookup was. */
  add(bits: number): void {
    this.#bits = this.#bits === undefined ? bits : this.#bits + (bits - this.#bits) * WEIGHT;
  }

  /** Whether a node so close may be taken for the farthest of the closest. `false` before the first lookup. */
  isNear(bits: number): boolean {
    return this.#bits !== undefined && bits >= this.#bits - TOLERATED_BITS;
  }
}

/** How close an id is to a target, in bits: 0 if it is in the other half of all ids, 10 in the same thousandth. */
export function proximityBits(target: Uint8Array, id: Uint8Array): number {
  let distance = 0;
  for (let i = 0; i < 7; i++) distance = distance * 256 + (target[i]! ^ id[i]!);
  return 56 - Math.log2(distance + 1);
}
