/**
 * Functions on single torrents: wait for events, end a torrent, report its status, connect its store to
 * uploads, and disconnect useless peers.
 *
 * @module
 */

import type { PeerCounts } from "./download/mod.ts";
import { EngineError } from "./errors.ts";
import { knownPeers, type Torrent, type Wire } from "./libraries/mod.ts";

/** Status of a torrent. */
export interface TorrentStatus {
  infoHashHex: string;
  lengthBytes: number;
  done: boolean;
  peers: number;
  uploadedBytes: number;
  downloadedBytes: number;
  /** Bytes a second. */
  uploadSpeed: number;
  /** Bytes a second. */
  downloadSpeed: number;
}

/** Transfer totals of all torrents. */
export interface Totals {
  /** Bytes a second. */
  uploadSpeed: number;
  downloadSpeed: number;
  /** Bytes since the start. */
  uploadedBytes: number;
  downloadedBytes: number;
  /** Connected peers, and all known peer addresses, from the DHT and from other peers. */
  peersConnected: number;
  peersKnown: number;
}

/** Progress of a download. */
export interface DownloadProgress {
  /** 0 until the metadata is known. */
  lengthBytes: number;
  downloadedBytes: number;
  /** Whether the pieces of an earlier download are still being verified; nothing is downloaded meanwhile. */
  checking: boolean;
  /** Length of the verified and written part at the start of the file. */
  readyBytes: number;
  /** Peers connected now. */
  peers: number;
  /** Peers since the start, by how far they got. */
  reach: PeerCounts;
  /** Bytes a second. */
  downloadSpeed: number;
}

/** Maximum length of a requested block; WebTorrent disconnects a peer that requests more. */
const MAX_BLOCK_BYTES = 128 * 1024;
/** Downloaded bytes after which progress is reported at once. */
const PROGRESS_BYTES = 4 * 1024 * 1024;
/** Consecutive rejects after which a peer is disconnected. A choking peer may reject hundreds (BEP 6). */
const MAX_REFUSALS = 1_000;

/** Waits for an event of a torrent; rejects if the torrent fails or ends first. */
export function waitForEvent(torrent: Torrent, event: "ready" | "done"): Promise<void> {
  return new Promise((resolve, reject) => {
    torrent.on("error", (error: Error) => {
      reject(
        error instanceof EngineError ? error : new EngineError(
          "failed",
          "TORRENT_FAILED",
          `Torrent ${torrent.infoHash ?? ""} failed: ${error.message}`,
          { cause: error },
        ),
      );
    });
    torrent.once("close", () => {
      reject(new EngineError("failed", "TORRENT_FAILED", `Torrent ${torrent.infoHash} was ended`));
    });
    torrent.once(event, resolve);
  });
}

/** Ends a torrent; its files stay. */
export function destroyTorrent(torrent: Torrent): Promise<void> {
  if (torrent.destroyed) return Promise.resolve();
  return new Promise((resolve) => torrent.destroy({ destroyStore: false }, () => resolve()));
}

/** Connects a peer's requests to the archive, for direct reads. */
export function serveFrom(torrent: Torrent, wire: Wire): void {
  wire.source = {
    // A getter, because the length of a magnet's pieces is known later.
    get pieceLength() {
      return torrent.pieceLength;
    },
    has: (index, offset, length) => {
      const { pieces, pieceLength } = torrent;
      if (!torrent.ready || torrent.destroyed || pieces?.[index] !== null) return false;
      const end = Math.min(pieceLength, torrent.length - index * pieceLength);
      return length > 0 && length <= MAX_BLOCK_BYTES && offset + length <= end;
    },
    read: (start, target, done) => {
      if (torrent.store) torrent.store.store.readInto(start, target, done);
      else done(new Error("The torrent was ended"));
    },
  };
}

/** Disconnects a peer when both sides are seeders; they would otherwise reconnect and stay idle. */
export function dropIfBothSeed(torrent: Torrent, wire: Wire): void {
  const check = () => {
    wire.isSeeder = hasEverything(torrent, wire);
    if (torrent.done) dropSeeder(wire);
  };
  // A microtask, because WebTorrent's own listeners run after ours.
  for (const event of ["bitfield", "have-all", "have", "interested"]) {
    wire.on(event, () => queueMicrotask(check));
  }
}

/**
 * Disconnects a peer that keeps rejecting requests for pieces that it claims to have. WebTorrent would
 * request the same piece again at once, without end.
 */
export function dropIfRefusing(wire: Wire): void {
  let refused = 0;
  wire.on("piece", () => refused = 0);
  wire.on("reject", () => {
    if (++refused >= MAX_REFUSALS) wire.destroy();
  });
}

/** Disconnects all seeders, once our download is complete. */
export function dropSeeders(torrent: Torrent): void {
  for (const wire of [...torrent.wires]) {
    wire.isSeeder = hasEverything(torrent, wire);
    dropSeeder(wire);
  }
}

function dropSeeder(wire: Wire): void {
  if (wire.isSeeder && !wire.destroyed) wire.destroy();
}

/**
 * Whether a peer has every piece. WebTorrent's own flag is wrong: it is set for a peer that has not sent
 * its bitfield yet, and stays set if the peer turns out to be a leecher, which is then never served.
 */
function hasEverything({ pieces }: Torrent, { peerPieces }: Wire): boolean {
  return pieces !== undefined && pieces.length > 0 && pieces.every((_, i) => peerPieces.get(i));
}

/** Status of a torrent. */
export function statusOf(torrent: Torrent): TorrentStatus {
  return {
    infoHashHex: torrent.infoHash,
    lengthBytes: torrent.length ?? 0,
    done: torrent.done,
    peers: torrent.numPeers,
    uploadedBytes: torrent.uploaded,
    downloadedBytes: torrent.received,
    uploadSpeed: torrent.uploadSpeed,
    downloadSpeed: torrent.downloadSpeed,
  };
}

/** Sums up the transfers of these torrents and of earlier ones. */
export function totalsOf(
  torrents: readonly Torrent[],
  { uploadedBytes, downloadedBytes }: Pick<Totals, "uploadedBytes" | "downloadedBytes">,
): Totals {
  const sum: Totals = {
    ...{ uploadSpeed: 0, downloadSpeed: 0, uploadedBytes, downloadedBytes },
    ...{ peersConnected: 0, peersKnown: 0 },
  };
  for (const torrent of torrents) {
    sum.uploadSpeed += torrent.uploadSpeed;
    sum.downloadSpeed += torrent.downloadSpeed;
    sum.uploadedBytes += torrent.uploaded;
    sum.downloadedBytes += torrent.received;
    sum.peersConnected += torrent.numPeers;
    sum.peersKnown += knownPeers(torrent);
  }
  return sum;
}

/** Progress of the download of a torrent. */
export function progressOf(torrent: Torrent, reach: PeerCounts): DownloadProgress {
  return {
    lengthBytes: torrent.length ?? 0,
    downloadedBytes: torrent.length ? torrent.downloaded : 0,
    checking: torrent.length > 0 && !torrent.ready,
    readyBytes: readyBytesOf(torrent),
    peers: torrent.numPeers,
    reach,
    downloadSpeed: torrent.downloadSpeed,
  };
}

/** Calls back after each 4 MiB of verified pieces, so that the archive can be verified behind the download. */
export function onDownloadedBytes(torrent: Torrent, report: () => void): void {
  let unreportedBytes = 0;
  torrent.on("verified", () => {
    unreportedBytes += torrent.pieceLength;
    if (!torrent.ready || unreportedBytes < PROGRESS_BYTES) return;
    unreportedBytes = 0;
    report();
  });
}

/** Length of the verified part at the start; a piece is `null` once it is verified and written. */
function readyBytesOf({ ready, pieces, pieceLength, length }: Torrent): number {
  if (!ready || !pieces) return 0;
  const missing = pieces.findIndex((piece) => piece !== null);
  return missing === -1 ? length : missing * pieceLength;
}
