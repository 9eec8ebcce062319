/**
 * Estimates how close the k closest nodes of the network come to a target, from finished lookups. With
 * it a lookup recognises, before any node has answered, that its candidates are the closest there are.
 *
 * @module
 */

/** Tolerance, bits: the distance of the k-th closest node varies by about a bit between targets. */
const TOLERATED_BITS = 1;
/** Weight of a new lookup in the moving average. */
const WEIGHT = 1 / 8;

/** Moving average of the proximity of the k-th closest node, bits, updated with each finished lookup. */
export class DistanceEstimate {
  #bits: number | undefined;

  /** Adds the proximity of the k-th closest node of a finished lookup, bits. */
  add(bits: number): void {
    this.#bits = this.#bits === undefined ? bits : this.#bits + (bits - this.#bits) * WEIGHT;
  }

  /** Whether a node of this proximity, bits, is likely among the k closest. `false` before the first lookup. */
  isNear(bits: number): boolean {
    return this.#bits !== undefined && bits >= this.#bits - TOLERATED_BITS;
  }
}

/**
 * Proximity of an id to a target, in bits with fractions: 0 in the other half of the id space, 10 within
 * the same thousandth.
 */
export function proximityBits(target: Uint8Array, id: Uint8Array): number {
  let distance = 0;
  for (let i = 0; i < 7; i++) distance = distance * 256 + (target[i]! ^ id[i]!);
  return 56 - Math.log2(distance + 1);
}
