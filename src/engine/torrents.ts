/**
 * What the engine does with single torrents: wait for them, end them, tell how they stand, and keep
 * seeders from talking to each other.
 *
 * @module
 */

import type { PeerCounts } from "./download/mod.ts";
import { EngineError } from "./errors.ts";
import type { Torrent, Wire } from "./libraries/mod.ts";

/** A torrent as it stands. */
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

/** What all torrents together move. */
export interface Totals {
  /** Bytes a second. */
  uploadSpeed: number;
  downloadSpeed: number;
  /** Bytes since the start. */
  uploadedBytes: number;
  downloadedBytes: number;
  /** Peers that are connected, and all whose address is known, from the DHT or from other peers. */
  peersConnected: number;
  peersKnown: number;
}

/** How far a download is. */
export interface DownloadProgress {
  /** 0 until the metadata has come. */
  lengthBytes: number;
  downloadedBytes: number;
  /** Whether what an earlier download left is looked through still; nothing is downloaded meanwhile. */
  checking: boolean;
  /** Bytes from the start of the file that are there, checked and written. */
  readyBytes: number;
  /** Peers that are connected now. */
  peers: number;
  /** Peers since the start. */
  reach: PeerCounts;
  /** Bytes a second. */
  downloadSpeed: number;
}

/** WebTorrent hangs up on those who ask for more at once. */
const MAX_BLOCK_BYTES = 128 * 1024;
/** So much more is worth telling at once. */
const PROGRESS_BYTES = 4 * 1024 * 1024;
/** A peer that chokes refuses what it was asked for until then (BEP 6), which may be hundreds. */
const MAX_REFUSALS = 1_000;

/** Waits for an event of a torrent; its errors and its early end reject. */
export function settled(torrent: Torrent, event: "ready" | "done"): Promise<void> {
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
export function destroyed(torrent: Torrent): Promise<void> {
  if (torrent.destroyed) return Promise.resolve();
  return new Promise((resolve) => torrent.destroy({ destroyStore: false }, () => resolve()));
}

/**
 * Lets a torrent be ended while what lies there is hashed. By itself WebTorrent throws then, where
 * nobody catches it, and the thread would end with it.
 */
export function letEndEarly(torrent: Torrent): void {
  type Done = (error: Error | null, isValid?: boolean) => void;
  const inner = torrent as Torrent & { _verifyPiece(index: number, done: Done): void };
  const { _verifyPiece } = inner;
  inner._verifyPiece = (index, done) =>
    _verifyPiece.call(torrent, index, (error, isValid) => {
      done(torrent.destroyed ? new Error("The torrent was ended") : error, isValid);
    });
}

/** Has what a peer asks for read straight from the archive. */
export function serveFrom(torrent: Torrent, wire: Wire): void {
  wire.source = {
    // Of a magnet it is known later.
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

/** Two seeders have nothing to say to each other, and would say it over and over. */
export function dropIfBothSeed(torrent: Torrent, wire: Wire): void {
  const look = () => {
    wire.isSeeder = hasEverything(torrent, wire);
    if (torrent.done) dropSeeder(wire);
  };
  // WebTorrent's own listeners come after ours.
  for (const event of ["bitfield", "have-all", "have", "interested"]) {
    wire.on(event, () => queueMicrotask(look));
  }
}

/**
 * Ends the connection to a peer that refuses again and again what it says it has: WebTorrent would ask
 * it for the same piece at once, for ever.
 */
export function dropIfRefusing(wire: Wire): void {
  let refused = 0;
  wire.on("piece", () => refused = 0);
  wire.on("reject", () => {
    if (++refused >= MAX_REFUSALS) wire.destroy();
  });
}

/** Ends the connections to peers that seed, now that we do. */
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
 * Whether the peer has every piece. WebTorrent believes so of a peer that has not told yet, holds on to
 * it when the peer then names a part of them, and gives it nothing.
 */
function hasEverything({ pieces }: Torrent, { peerPieces }: Wire): boolean {
  return pieces !== undefined && pieces.length > 0 && pieces.every((_, i) => peerPieces.get(i));
}

/** The torrent as it stands. */
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

/** What these torrents move, and those before them have moved. */
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
    sum.peersKnown += torrent._peersLength;
  }
  return sum;
}

/** How far its download is. */
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

/** Calls back whenever some MiB more are there: whoever verifies behind the download waits for them. */
export function whenMoreIsThere(torrent: Torrent, tell: () => void): void {
  let untoldBytes = 0;
  torrent.on("verified", () => {
    untoldBytes += torrent.pieceLength;
    if (!torrent.ready || untoldBytes < PROGRESS_BYTES) return;
    untoldBytes = 0;
    tell();
  });
}

/** A piece is `null` once it has been checked and written. */
function readyBytesOf({ ready, pieces, pieceLength, length }: Torrent): number {
  if (!ready || !pieces) return 0;
  const missing = pieces.findIndex((piece) => piece !== null);
  return missing === -1 ? length : missing * pieceLength;
}
