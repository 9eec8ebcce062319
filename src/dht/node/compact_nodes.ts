/**
 * BEP 5's compact node info: 20 bytes of id, 4 of IPv4 address, 2 of port for each node.
 *
 * @module
 */

import { isNodePort } from "../../base/mod.ts";
import type { Contact } from "./node.ts";

/** A contact whose id is known. */
export type KnownContact = Contact & { id: Uint8Array };

/** A node may answer with its whole routing table; contacts past this many are not read. */
const MAX_CONTACTS_READ = 512;
const COMPACT_NODE_BYTES = 26;
const DIGIT_0 = 0x30;

/**
 * Reads the `nodes` of an answer. What is not a node is left out, and so are ports below 1024: a stranger
 * may name the service of somebody.
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

/** The 26 bytes of each node, one after the other. */
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

/** Writes the four numbers of an IPv4 address in dotted form. */
function setHost(bytes: Uint8Array, at: number, host: string): void {
  let number = 0;
  for (let i = 0; i < host.length; i++) {
    const digit = host.charCodeAt(i) - DIGIT_0;
    // Only a dot is no digit.
    if (digit >= 0) number = number * 10 + digit;
    else [bytes[at++], number] = [number, 0];
  }
  bytes[at] = number;
}
