/**
 * Counts who may have an archive: the peers at its infohash, and the mirrors at its publisher's rendezvous.
 *
 * @module
 */

import type { TorrentStatus } from "../../engine/mod.ts";
import { formatHostPort, type HostPort, isLocalAddress, machineOf, toHex } from "../../base/mod.ts";
import type { CallOptions, PeerCount, RequestOf } from "../../control/mod.ts";
import { publisherRendezvous } from "../../records/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";

/**
 * Counts the peers that the DHT names. The counts prove nothing, since anybody can announce peers.
 *
 * @throws {EngineError} if the DHT is off
 */
export async function countPeers(
  worker: Pick<WorkerHandle, "findPeers">,
  { infoHash, publisher }: RequestOf<"countPeers">,
  { signal }: CallOptions = {},
): Promise<PeerCount> {
  const [{ peers }, meeting] = await Promise.all([
    worker.findPeers(infoHash, signal),
    publisher && worker.findPeers(toHex(publisherRendezvous(publisher)), signal),
  ]);
  const mirrors = new Set(meeting?.peers.map(machineAt));
  const machines = new Set([...peers.map(machineAt), ...mirrors]);
  return {
    peers: peers.length,
    ...(meeting && { mirrors: mirrors.size }),
    machines: machines.size,
  };
}

/** Returns what counts as one machine. In a test network, one address has many peers. */
function machineAt(peer: HostPort): string {
  return isLocalAddress(peer.host) ? formatHostPort(peer) : machineOf(peer.host);
}

/** Returns the infohashes (hex) of the torrents that are being uploaded now. */
export function uploadingOf(torrents: readonly TorrentStatus[]): ReadonlySet<string> {
  return new Set(
    torrents.filter(({ uploadSpeed }) => uploadSpeed > 0).map(({ infoHashHex }) => infoHashHex),
  );
}
