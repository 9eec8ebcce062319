/**
 * BEP 5's compact peer info: 4 bytes of IPv4 address, 2 of port for each peer.
 *
 * @module
 */

import type { PeerAddress } from "./outcome.ts";

/** A hostile node may list any number of peers; only this many of one answer are read. */
const MAX_PEERS_READ = 256;

/** Reads the `values` of a `get_peers` answer. What is not a peer is left out. */
export function parseCompactPeers(values: unknown): PeerAddress[] {
  if (!Array.isArray(values)) return [];
  const peers: PeerAddress[] = [];
  for (const value of values.slice(0, MAX_PEERS_READ)) {
    if (!(value instanceof Uint8Array) || value.length !== 6) continue;
    const port = value[4]! * 256 + value[5]!;
    if (port === 0 || value[0] === 0) continue;
    peers.push({ host: `${value[0]}.${value[1]}.${value[2]}.${value[3]}`, port });
  }
  return peers;
}
