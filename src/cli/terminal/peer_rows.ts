/**
 * Rows for the connected peers of one package, as `libreseed status NAME` prints them.
 *
 * @module
 */

import { formatBytes, formatHostPort } from "../../base/mod.ts";
import type { PeerJson, TorrentJson } from "../../control/mod.ts";
import { printable } from "./format.ts";

/** Maximum number of peers of one version that are printed. */
const MAX_PRINTED = 10;

/** The torrent of one version, with its peers. */
export interface ShownTorrent extends TorrentJson {
  /** Path of the archive. */
  path: string;
  version: string;
  publisher: string;
}

/** Returns a row for each peer of the archive at a path. */
export function peerRows(
  torrents: readonly ShownTorrent[],
  path: string,
): [key: string, value: string][] {
  const lines = torrents.filter((one) => one.path === path).flatMap(describePeersOf);
  return lines.map((line) => ["peer", printable(line)]);
}

/** Describes the peers of a torrent, one line each, the fastest first. */
function describePeersOf({ peers, peersConnected, pieces }: TorrentJson): string[] {
  const lines = peers.slice(0, MAX_PRINTED).map((peer) => describePeer(peer, pieces));
  const rest = peersConnected - lines.length;
  return rest > 0 ? [...lines, `and ${rest} more`] : lines;
}

function describePeer(peer: PeerJson, pieces: number): string {
  const { address: host, port, client, transport, encrypted, incoming } = peer;
  const { uploadedBytes, uploadSpeed, downloadedBytes, downloadSpeed } = peer;
  const place = transport === "web-seed" ? host : formatHostPort({ host, port });
  const way = { tcp: "TCP", utp: "uTP", "web-seed": "web server" }[transport];
  const moved = [
    ...(uploadedBytes > 0
      ? [`${formatBytes(uploadedBytes)} sent (${formatBytes(uploadSpeed)}/s)`]
      : []),
    ...(downloadedBytes > 0
      ? [`${formatBytes(downloadedBytes)} received (${formatBytes(downloadSpeed)}/s)`]
      : []),
  ];
  return [
    `${place} ${client ?? "unknown program"}`,
    `${incoming ? "came" : "dialled"} by ${way}${encrypted ? ", encrypted" : ""}`,
    `has ${peer.pieces} of ${pieces} pieces`,
    ...moved,
  ].join(", ");
}
