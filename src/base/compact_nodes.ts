/**
 * Compact node info: for each node 20 bytes of id, the address of 4 bytes (BEP 5) or 16 (BEP 32), and
 * 2 bytes of port, big-endian.
 *
 * @module
 */

import { isNodePort } from "./addresses.ts";
import { type Family, formatAddress, parseAddress } from "./ip_address.ts";

/** Address of a DHT node whose node id is known. */
export interface KnownContact {
  /** Node id, 20 bytes. */
  id: Uint8Array;
  /** IP address of the node: IPv4 in dotted form, IPv6 in the form of RFC 5952. */
  host: string;
  /** UDP port of the node, 1 to 65535. */
  port: number;
}

/** Maximum number of contacts read from one reply. Some nodes reply with their whole routing table. */
const MAX_CONTACTS_READ = 512;
const ID_BYTES = 20;

/** Length of one node's compact node info, in bytes: 26 for IPv4, 38 for IPv6. */
export function compactNodeBytes(family: Family): number {
  return ID_BYTES + addressBytes(family) + 2;
}

/**
 * Decodes the `nodes` member of a reply, or `nodes6` for IPv6. Skips malformed entries. Skips ports
 * below 1024, because a hostile reply could otherwise make this program send packets to another
 * service.
 */
export function parseCompactNodes(bytes: unknown, family: Family): KnownContact[] {
  if (!(bytes instanceof Uint8Array)) return [];
  const contacts: KnownContact[] = [];
  const nodeBytes = compactNodeBytes(family);
  const end = Math.min(
    bytes.length - (bytes.length % nodeBytes),
    MAX_CONTACTS_READ * nodeBytes,
  );
  for (let at = 0; at < end; at += nodeBytes) {
    const contact = parseCompactAddress(bytes.subarray(at + ID_BYTES, at + nodeBytes));
    if (!contact || !isNodePort(contact.port)) continue;
    contacts.push({ id: bytes.subarray(at, at + ID_BYTES), ...contact });
  }
  return contacts;
}

/**
 * Decodes an address and port: 6 bytes for IPv4, 18 for IPv6. Returns `undefined` for another length,
 * for port 0, and for an address that names no single machine.
 */
export function parseCompactAddress(
  bytes: Uint8Array,
): { host: string; port: number } | undefined {
  if (bytes.length !== addressBytes(4) + 2 && bytes.length !== addressBytes(6) + 2) {
    return undefined;
  }
  const address = bytes.subarray(0, -2);
  const port = bytes.at(-2)! * 256 + bytes.at(-1)!;
  if (port === 0 || !isUsable(address)) return undefined;
  return { host: formatAddress(address), port };
}

/** Encodes nodes of one family as compact node info, 26 or 38 bytes each. */
export function compactNodes(nodes: KnownContact[], family: Family): Uint8Array {
  const nodeBytes = compactNodeBytes(family);
  const bytes = new Uint8Array(nodes.length * nodeBytes);
  let at = 0;
  for (const { id, host, port } of nodes) {
    bytes.set(id, at);
    bytes.set(parseAddress(host)!, at + ID_BYTES);
    bytes[at + nodeBytes - 2] = port >> 8;
    bytes[at + nodeBytes - 1] = port;
    at += nodeBytes;
  }
  return bytes;
}

function addressBytes(family: Family): number {
  return family === 4 ? 4 : 16;
}

/**
 * Whether an address may be one machine's. Not so are 0.0.0.0/8, multicast of IPv6 and ::/8, which
 * holds the unspecified and the IPv4-mapped addresses; of ::/8 only the loopback address is taken.
 */
function isUsable(address: Uint8Array): boolean {
  if (address[0] === 0xff) return address.length === 4;
  if (address[0] !== 0) return true;
  return address.length === 16 && formatAddress(address) === "::1";
}
