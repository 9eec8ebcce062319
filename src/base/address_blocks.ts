/**
 * Classifies the bytes of IP addresses: public, local, loopback. `addresses.ts` decides about ports.
 *
 * @module
 */

import { LOCAL_RANGES, NOT_PUBLIC_RANGES } from "./address_ranges.ts";
import { type Address, parseAddress } from "./ip_address.ts";

/** A block of addresses: all that share the first `bits` bits of `first`. */
export interface Block {
  first: Address;
  bits: number;
}

const NOT_PUBLIC = NOT_PUBLIC_RANGES.map(blockOf);
/** Addresses of IPv6 that can be public unicast (RFC 4291, section 2.4). */
const GLOBAL_UNICAST = blockOf("2000::/3");
/**
 * Blocks within {@linkcode GLOBAL_UNICAST} without public peers, by IANA's IPv6 special-purpose
 * registry: protocol assignments (RFC 2928; its reachable parts are anycast services and ORCHIDs)
 * and documentation (RFC 3849, RFC 9637).
 */
const NOT_PUBLIC_IPV6 = ["2001::/23", "2001:db8::/32", "3fff::/20"].map(blockOf);
/** NAT64 (RFC 6052): the last 4 bytes are the IPv4 address to which a translator sends. */
const NAT64 = blockOf("64:ff9b::/96");
/** 6to4 (RFC 3056): packets travel in IPv4, to the address in bytes 2 to 5. */
const SIX_TO_FOUR = blockOf("2002::/16");
/**
 * Teredo (RFC 4380): packets travel in UDP over IPv4. Bytes 4 to 7 are the server's IPv4 address;
 * bytes 12 to 15 are the client's, with all bits inverted.
 */
const TEREDO = blockOf("2001::/32");
/** Loopback, private networks (RFC 1918) and unique local addresses (RFC 4193). */
const LOCAL = [...LOCAL_RANGES, "::1/128", "fc00::/7"].map(blockOf);

const LOOPBACK = ["127.0.0.0/8", "::1/128"].map(blockOf);

/** Parses a block in CIDR notation, of addresses in the forms of `parseAddress`. */
export function blockOf(text: string): Block {
  const [address = "", bits] = text.split("/");
  const first = parseAddress(address);
  if (!first || !/^\d{1,3}$/.test(bits ?? "") || Number(bits) > first.length * 8) {
    throw new TypeError(`${text} is not a block of addresses`);
  }
  return { first, bits: Number(bits) };
}

/** Whether an address lies in a block. Addresses of the other family never do. */
export function isInBlock({ first, bits }: Block, address: Address): boolean {
  if (address.length !== first.length) return false;
  return first.every((byte, index) => {
    const shift = Math.min(Math.max(8 * (index + 1) - bits, 0), 8);
    return byte >> shift === address[index]! >> shift;
  });
}

/**
 * Whether an address is public unicast. An address of NAT64, 6to4 or Teredo is public if the IPv4
 * addresses that it contains are public. The IPv4-mapped and IPv4-compatible forms
 * (`::ffff:a.b.c.d`, `::a.b.c.d`) are never public.
 */
export function isPublic(address: Address): boolean {
  if (address.length === 4) return !NOT_PUBLIC.some((block) => isInBlock(block, address));
  if (isInBlock(NAT64, address)) return isPublic(address.subarray(12));
  if (!isInBlock(GLOBAL_UNICAST, address)) return false;
  if (isInBlock(SIX_TO_FOUR, address)) return isPublic(address.subarray(2, 6));
  if (isInBlock(TEREDO, address)) {
    const client = address.slice(12).map((byte) => ~byte);
    return isPublic(address.subarray(4, 8)) && isPublic(client);
  }
  return !NOT_PUBLIC_IPV6.some((block) => isInBlock(block, address));
}

/** Whether an address is loopback, private or unique local. `--allow-local` permits these. */
export function isLocal(address: Address): boolean {
  return LOCAL.some((block) => isInBlock(block, address));
}

/** Whether an address is loopback. */
export function isLoopback(address: Address): boolean {
  return LOOPBACK.some((block) => isInBlock(block, address));
}
