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
