/**
 * XOR distance between node ids and targets (BEP 5).
 *
 * @module
 */

/**
 * Compares the distances of `a` and `b` to `target`: negative if `a` is closer, positive if `b` is
 * closer.
 */
export function compareDistance(target: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < target.length; i++) {
    const difference = (a[i]! ^ target[i]!) - (b[i]! ^ target[i]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Returns `target` with the bit after its first `bits` bits flipped. A lookup of the returned id
 * finds nodes that share exactly `bits` leading bits with `target`. Of all such nodes it finds the
 * ones closest to `target`.
 */
export function neighbourTarget(target: Uint8Array, bits: number): Uint8Array {
  const other = new Uint8Array(target);
  if (bits < target.length * 8) other[bits >> 3]! ^= 0x80 >> (bits & 7);
  return other;
}
