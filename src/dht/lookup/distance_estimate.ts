/**
 * Estimates the distance between a target and the k-th closest node of the whole network, from
 * finished lookups. A lookup whose candidates are within this distance probably knows the closest
 * nodes already, and can query them all at once.
 *
 * @module
 */

/**
 * Tolerance of the estimate, bits. The distance of the k-th closest node varies by about one bit
 * between targets.
 */
const TOLERATED_BITS = 1;
/** Weight of the newest lookup in the moving average of proximities. */
const WEIGHT = 1 / 8;

/**
 * Moving average of the proximity between a target and its k-th closest node, bits. Each finished
 * lookup updates the average.
 */
export class DistanceEstimate {
  #bits: number | undefined;

  /**
   * Updates the average with a finished lookup: `bits` is the proximity of the k-th closest node
   * that the lookup found.
   */
  add(bits: number): void {
    this.#bits = this.#bits === undefined ? bits : this.#bits + (bits - this.#bits) * WEIGHT;
  }

  /** Whether a lookup has finished, so that there is an estimate. */
  get isKnown(): boolean {
    return this.#bits !== undefined;
  }

  /**
   * Whether a node with the proximity `bits` is probably one of the k nodes closest to the target.
   * Returns `false` before the first lookup.
   */
  isNear(bits: number): boolean {
    return this.#bits !== undefined && bits >= this.#bits - TOLERATED_BITS;
  }
}

/**
 * Proximity of an id to a target: the negative binary logarithm of the distance between the id and
 * the target, as a share of the id space. A node in the other half of the id space has less than 1
 * bit, a node within a thousandth of the id space has about 10 bits.
 */
export function proximityBits(target: Uint8Array, id: Uint8Array): number {
  let distance = 0;
  for (let i = 0; i < 7; i++) distance = distance * 256 + (target[i]! ^ id[i]!);
  return 56 - Math.log2(distance + 1);
}
