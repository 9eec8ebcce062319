/**
 * IPv4 addresses of routers: their IPv4-mapped form, and those that can be external ones.
 *
 * @module
 */

import { parseAddress } from "../base/mod.ts";

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/** Returns the IPv4-mapped form of IPv6 (RFC 4291, section 2.5.5.2), 16 bytes. */
export function toMapped(ipv4: Uint8Array): Uint8Array {
  return Uint8Array.from([...MAPPED_PREFIX, ...ipv4]);
}

/** Returns the four bytes of an IPv4-mapped address, or `undefined` for another address of IPv6. */
export function fromMapped(ipv6: Uint8Array): Uint8Array | undefined {
  if (MAPPED_PREFIX.some((byte, at) => ipv6[at] !== byte)) return undefined;
  return ipv6.subarray(12, 16);
}

/** Whether an address can be the external one of a router: unicast, not loopback, not 0.0.0.0/8. */
export function isExternalAddress(text: string): boolean {
  const address = parseAddress(text);
  if (address?.length !== 4) return false;
  const first = address[0]!;
  return first !== 0 && first !== 127 && first < 224;
}
