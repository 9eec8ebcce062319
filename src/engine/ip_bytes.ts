/**
 * IP addresses as bytes, the form in which peers tell them to each other (BEP 10, BEP 11).
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";

/**
 * Returns an address as 4 bytes (IPv4) or 16 (IPv6), big-endian; `undefined` for another text. An
 * IPv4 address that a dual-stack listener reports as `::ffff:a.b.c.d` is 4 bytes.
 */
export function ipBytes(host: string): Uint8Array | undefined {
  const text = host.replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIPv4(text)) return Uint8Array.from(text.split(".").map(Number));
  if (!isIPv6(text) || text.includes(".") || text.includes("%")) return undefined;
  const [before = [], after] = text.split("::").map((half) => half === "" ? [] : half.split(":"));
  const zeros = after ? Array<string>(8 - before.length - after.length).fill("0") : [];
  const bytes = new Uint8Array(16);
  [...before, ...zeros, ...after ?? []].forEach((group, i) => {
    new DataView(bytes.buffer).setUint16(2 * i, parseInt(group, 16));
  });
  return bytes;
}
