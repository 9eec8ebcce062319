/**
 * Compact peer info (BEP 5): for each peer 4 bytes of IPv4 address and 2 of port, big-endian.
 *
 * @module
 */

import type { PeerAddress } from "./outcome.ts";

/** Maximum number of peers read from one reply; a hostile node may list any number. */
const MAX_PEERS_READ = 256;

/** Decodes the `values` member of a `get_peers` reply. Malformed entries are skipped. */
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
