/**
 * Compact peer info: for each peer the address of 4 bytes (BEP 5) or 16 (BEP 32), and 2 bytes of
 * port, big-endian.
 *
 * @module
 */

import { formatHostPort, networkOf, parseCompactAddress } from "../../base/mod.ts";
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

/** Number of answers from which on a network counts only if two of them name it. */
const DOUBTFUL_FROM = 3;

/**
 * Counts the networks (a /24 of IPv4, a /48 of IPv6) with peers in the answers of several nodes. Peers
 * of this machine and of private networks each count. A network that only one of three or more nodes
 * names does not count, because a single node may name any addresses. Peers are announced to the eight closest nodes, so honest answers overlap.
 */
export function countPeerNetworks(answers: readonly (readonly PeerAddress[])[]): number {
  const naming = new Map<string, number>();
  for (const peers of answers) {
    const networks = new Set(peers.map((peer) => networkOf(peer.host) ?? formatHostPort(peer)));
    for (const network of networks) naming.set(network, (naming.get(network) ?? 0) + 1);
  }
  const least = answers.length < DOUBTFUL_FROM ? 1 : 2;
  return [...naming.values()].filter((nodes) => nodes >= least).length;
}
