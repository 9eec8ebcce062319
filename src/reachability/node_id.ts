/**
 * Node ids of the DHT that fit the external address (BEP 42). An attacker who wants a place beside a
 * target needs an address for each id.
 *
 * @module
 */

import { type Address, isLocalAddress, parseAddress } from "../base/mod.ts";

const ID_BYTES = 20;
/** Bits of an address that count (BEP 42), for the first 4 bytes of IPv4 and the first 8 of IPv6. */
const MASKS: Record<number, readonly number[]> = {
  4: [0x03, 0x0f, 0x3f, 0xff],
  16: [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff],
};
/** Bits of the third byte of an id that the address determines: the upper 5, after 16 bits. */
const THIRD_BYTE_MASK = 0xf8;
/** Bits of the last byte of an id that enter the checksum. */
const SEED_MASK = 0x07;

/**
 * Makes a node id for an external address (BEP 42), 20 bytes.
 *
 * @param random random bytes; the address determines the first 21 bits
 */
export function makeNodeId(
  address: Address,
  random: Uint8Array = crypto.getRandomValues(new Uint8Array(ID_BYTES)),
): Uint8Array {
  const id = Uint8Array.from(random);
  const [first, second, third] = prefixOf(address, id[19]! & SEED_MASK);
  id[0] = first!;
  id[1] = second!;
  id[2] = third! & THIRD_BYTE_MASK | id[2]! & ~THIRD_BYTE_MASK;
  return id;
}

/**
 * Whether a node id fits the address of its node (BEP 42). Every id fits a local address, because
 * local nodes do not know their external address.
 *
 * @param host address as text
 */
export function fitsAddress(id: Uint8Array, host: string): boolean {
  if (isLocalAddress(host)) return true;
  const address = parseAddress(host);
  if (!address || isLocalIpv6(address)) return true;
  const [first, second, third] = prefixOf(address, id[19]! & SEED_MASK);
  return id[0] === first && id[1] === second && ((id[2]! ^ third!) & THIRD_BYTE_MASK) === 0;
}

/** Whether an address is loopback, link-local or unique local of IPv6. */
function isLocalIpv6(address: Address): boolean {
  return address.length === 16 && (address[0]! >> 5) !== 1;
}

/** Returns the first 4 bytes of the ids that fit an address, for a seed from 0 to 7. */
function prefixOf(address: Address, seed: number): Uint8Array {
  const masked = Uint8Array.from(MASKS[address.length]!, (mask, i) => mask & address[i]!);
  masked[0]! |= seed << 5;
  const checksum = new DataView(new ArrayBuffer(4));
  checksum.setUint32(0, crc32c(masked));
  return new Uint8Array(checksum.buffer);
}

/** Reversed polynomial of CRC-32C (RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78;

/** Computes CRC-32C of a few bytes, bit by bit. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
