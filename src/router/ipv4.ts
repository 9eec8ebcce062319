/**
 * IPv4 addresses between their dotted form, four bytes, and the IPv4-mapped form of IPv6.
 *
 * @module
 */

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/** Parses the dotted form: four decimal numbers without leading zeros. */
export function parseIpv4(text: string): Uint8Array | undefined {
  if (!/^(?:(?:0|[1-9]\d{0,2})(?:\.(?!$)|$)){4}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined;
}

/** Formats four bytes in dotted form. */
export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join(".");
}

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
  const [first] = parseIpv4(text) ?? [];
  return first !== undefined && first !== 0 && first !== 127 && first < 224;
}
