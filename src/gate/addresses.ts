/**
 * Parses IP addresses to bytes, and classifies the bytes: public, local, loopback. `contacts.ts`
 * decides about ports, and `connections.ts` resolves names.
 *
 * @module
 */

import { LOCAL_RANGES, NOT_PUBLIC_RANGES } from "../base/mod.ts";

/** An IP address: 4 bytes for IPv4, 16 bytes for IPv6, in network order. */
export type Address = Uint8Array;

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

/**
 * Parses an address of IPv4 in four decimal parts without leading zeros, or of IPv6 in any form of
 * RFC 4291, section 2.2. Returns `undefined` for anything else, such as a name or a zone id.
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Address | undefined {
  const parts = text.split(".");
  const isValid = parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return isValid ? Uint8Array.from(parts, Number) : undefined;
}

function parseIpv6(text: string): Address | undefined {
  // 45 characters: six groups, then IPv4 in dotted form.
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => bytesOf(half, index === halves.length - 1));
  if (!head || halves.length === 2 && !tail) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  // "::" stands for at least one group of zeros.
  if (tail ? missing < 2 : missing !== 0) return undefined;
  return Uint8Array.from([...head, ...Array<number>(missing).fill(0), ...tail ?? []]);
}

/** Bytes of the groups of one side of "::". The last group of an address may be IPv4. */
function bytesOf(half: string, isLast: boolean): number[] | undefined {
  if (half === "") return [];
  const bytes: number[] = [];
  const groups = half.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else {
      const inner = isLast && index === groups.length - 1 ? parseIpv4(group) : undefined;
      if (!inner) return undefined;
      bytes.push(...inner);
    }
  }
  return bytes;
}

/** Text of an address: dotted decimal, or all eight groups of IPv6 without leading zeros. */
export function formatAddress(address: Address): string {
  if (address.length === 4) return address.join(".");
  const { buffer, byteOffset } = address;
  const view = new DataView(buffer, byteOffset, 16);
  return Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16)).join(":");
}

/** Parses a block in CIDR notation, of addresses in the forms of {@linkcode parseAddress}. */
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
