/**
 * Compact node info (BEP 5): for each node 20 bytes of id, 4 of IPv4 address and 2 of port, big-endian.
 *
 * @module
 */

import { isNodePort } from "../../base/mod.ts";
import type { Contact } from "./node.ts";

/** Address of a DHT node whose node id is known. */
export type KnownContact = Contact & { id: Uint8Array };

/** Maximum number of contacts read from one reply. Some nodes reply with their whole routing table. */
const MAX_CONTACTS_READ = 512;
const COMPACT_NODE_BYTES = 26;
const DIGIT_0 = 0x30;

/**
 * Decodes the `nodes` member of a reply. Skips malformed entries. Skips ports below 1024, because a
 * hostile reply could otherwise make this program send packets to another service.
 */
export function parseCompactNodes(bytes: unknown): KnownContact[] {
  if (!(bytes instanceof Uint8Array)) return [];
  const contacts: KnownContact[] = [];
  const end = Math.min(
    bytes.length - (bytes.length % COMPACT_NODE_BYTES),
    MAX_CONTACTS_READ * COMPACT_NODE_BYTES,
  );
  for (let at = 0; at < end; at += COMPACT_NODE_BYTES) {
    const port = bytes[at + 24]! * 256 + bytes[at + 25]!;
    if (!isNodePort(port) || bytes[at + 20] === 0) continue;
    contacts.push({
      id: bytes.subarray(at, at + 20),
      host: `${bytes[at + 20]}.${bytes[at + 21]}.${bytes[at + 22]}.${bytes[at + 23]}`,
      port,
    });
  }
  return contacts;
}

/** Encodes nodes as compact node info, 26 bytes each. */
export function compactNodes(nodes: KnownContact[]): Uint8Array {
  const bytes = new Uint8Array(nodes.length * COMPACT_NODE_BYTES);
  let at = 0;
  for (const { id, host, port } of nodes) {
    bytes.set(id, at);
    setHost(bytes, at + 20, host);
    bytes[at + 24] = port >> 8;
    bytes[at + 25] = port;
    at += COMPACT_NODE_BYTES;
  }
  return bytes;
}

/** Writes the four bytes of an IPv4 address given in dotted form. */
function setHost(bytes: Uint8Array, at: number, host: string): void {
  let number = 0;
  for (let i = 0; i < host.length; i++) {
    const digit = host.charCodeAt(i) - DIGIT_0;
    // The only other character in an IPv4 address is the dot.
    if (digit >= 0) number = number * 10 + digit;
    else [bytes[at++], number] = [number, 0];
  }
  bytes[at] = number;
}
