/**
 * Selective acknowledgements (BEP 29), as their receiver reads them.
 *
 * @module
 */

/**
 * Lengths of selective acknowledgements, in bytes, that may not cover all packets. libutp covers 30
 * packets by 4 bytes, and an extension has at most 255 bytes.
 */
const INCOMPLETE = { upToBytes: 8, fromBytes: 128 } as const;

/**
 * Calls `take` with the index of each received packet of a selective acknowledgement.
 *
 * @returns the number of packets that it covers; `undefined` if it covers all that were sent
 */
export function readSelective(
  selective: Uint8Array,
  take: (index: number) => void,
): number | undefined {
  const { length } = selective;
  let last = 0;
  for (let i = 0; i < length; i++) {
    const bits = selective[i]!;
    for (let bit = 0; bits >> bit !== 0; bit++) {
      if (bits & 1 << bit) take(last = i * 8 + bit);
    }
  }
  const mayBeIncomplete = length <= INCOMPLETE.upToBytes || length >= INCOMPLETE.fromBytes;
  return mayBeIncomplete && last >> 3 === length - 1 ? last + 1 : undefined;
}
