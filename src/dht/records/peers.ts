/**
 * Compact peer info: for each peer the address of 4 bytes (BEP 5) or 16 (BEP 32), and 2 bytes of
 * port, big-endian.
 *
 * @module
 */

import { parseCompactAddress } from "../../base/mod.ts";
import type { PeerAddress } from "./outcome.ts";

/** Maximum number of peers read from one reply; a hostile node may list any number. */
const MAX_PEERS_READ = 256;

/** Decodes the `values` member of a `get_peers` reply. Malformed entries are skipped. */
export function parseCompactPeers(values: unknown): PeerAddress[] {
  if (!Array.isArray(values)) return [];
  const peers: PeerAddress[] = [];
  for (const value of values.slice(0, MAX_PEERS_READ)) {
    const peer = value instanceof Uint8Array ? parseCompactAddress(value) : undefined;
    if (peer) peers.push(peer);
  }
  return peers;
}
