/**
 * The XOR metric of BEP 5.
 *
 * @module
 */

/** Negative if `a` is closer to `target` than `b`, positive if farther, 0 if they are equal. */
export function compareDistance(target: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < target.length; i++) {
    const difference = (a[i]! ^ target[i]!) - (b[i]! ^ target[i]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Number of leading bits that both ids have in common. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! ^ b[i]!;
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return a.length * 8;
}

/**
 * What to ask for to be named the nodes closest to `target` among those that share exactly its first
 * `bits` bits.
 */
export function neighbourTarget(target: Uint8Array, bits: number): Uint8Array {
  const other = new Uint8Array(target);
  if (bits < target.length * 8) other[bits >> 3]! ^= 0x80 >> (bits & 7);
  return other;
}
