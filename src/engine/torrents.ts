/**
 * Functions on single torrents: wait for an event, end a torrent, report its status, let uploads
 * read its archive, and disconnect useless peers.
 *
 * @module
 */

import type { TorrentDetails } from "./details/mod.ts";
import type { PeerCounts, WebSeedStatus } from "./download/mod.ts";
import { EngineError } from "./errors.ts";
import type { Relays } from "./holes/mod.ts";
import { knownPeers, lookForRequests, type Torrent, type Wire } from "./libraries/mod.ts";

/** Status of a torrent. */
export interface TorrentStatus {
  infoHashHex: string;
  lengthBytes: number;
  done: boolean;
  peers: number;
  uploadedBytes: number;
  downloadedBytes: number;
  /** Current upload speed, in bytes a second. */
  uploadSpeed: number;
  /** Current download speed, in bytes a second. */
  downloadSpeed: number;
}

/** Status of a torrent, and its peers. */
export interface DetailedTorrent {
  status: TorrentStatus;
  /** Absent if the `.torrent` of a sleeping archive cannot be read. */
  details?: TorrentDetails;
}

/** Transfer totals of all torrents. */
export interface Totals {
  /** Current speeds of all torrents together, in bytes a second. */
  uploadSpeed: number;
  downloadSpeed: number;
  /** Bytes that all torrents together have transferred since the engine started. */
  uploadedBytes: number;
  downloadedBytes: number;
  /** The downloaded bytes that came from web seeds. */
  webSeedBytes: number;
  /** Number of connected peers, and number of all known peer addresses (connected or not). */
  peersConnected: number;
  peersKnown: number;
  /** Number of connected peers whose connection is by uTP; all others are by TCP. */
  peersByUtp: number;
}

/** Progress of a download. */
export interface DownloadProgress {
  /** Length of the archive in bytes; 0 until the metadata is known. */
  lengthBytes: number;
  downloadedBytes: number;
  /**
   * Whether pieces of an earlier download are still being verified. Nothing is downloaded until the
   * verification ends.
   */
  checking: boolean;
  /**
   * Bytes that were copied from other archives, of `downloadedBytes`: those of verified pieces, and those
   * that are still to be verified.
   */
  reusedBytes: number;
  /** Bytes of the blocks that peers and web seeds have sent, also of those that were not needed. */
  fetchedBytes: number;
  /** Number of bytes at the start of the file that are verified and written without a gap. */
  readyBytes: number;
  /** Number of peers connected now. */
  peers: number;
  /** Numbers of peers since the start of the download, by the stage that they reached. */
  reach: PeerCounts;
  /** The web seeds of the download. */
  webSeeds: WebSeedStatus[];
  /** Current download speed, in bytes a second. */
  downloadSpeed: number;
}

/**
 * Maximum length of a requested block, in bytes. WebTorrent disconnects a peer that requests a
 * longer block.
 */
const MAX_BLOCK_BYTES = 128 * 1024;
/**
 * Consecutive rejects (BEP 6) after which a peer is disconnected. The limit is high, because an
 * honest peer that chokes us may reject hundreds of pending requests.
 */
const MAX_REFUSALS = 1_000;

/** Waits for an event of a torrent. Rejects if the torrent fails or ends before the event. */
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

/** Removes a torrent from the client; its files stay on disk. */
export function destroyTorrent(torrent: Torrent): Promise<void> {
  if (torrent.destroyed) return Promise.resolve();
  return new Promise((resolve) => torrent.destroy({ destroyStore: false }, () => resolve()));
}

/** Lets the upload queue read blocks for a peer directly from the torrent's archive. */
export function serveFrom(torrent: Torrent, wire: Wire): void {
  wire.source = {
    // A getter is needed, because the piece length of a torrent added without metadata is unknown
    // until the metadata arrives.
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

/** Requests blocks of the pieces that a peer announces, of those that we lack. */
export function hearOffers(torrent: Torrent, wire: Wire): void {
  wire.announcedTo = {
    get count() {
      return torrent.ready ? torrent.pieces?.length : undefined;
    },
    lacks: (index) => !torrent.destroyed && torrent.pieces?.[index] !== null,
  };
  wire.on("offer", () => {
    wire.interested();
    lookForRequests(torrent);
  });
}

/**
 * Tells a peer that we want its pieces before we have the metadata, so that the peer unchokes us while
 * it sends the metadata. npm:webtorrent waits for the metadata first, which takes one more round trip.
 * If the torrent turns out to be complete already, the peer is told so.
 */
export function showInterestEarly(torrent: Torrent, wire: Wire): void {
  // In a microtask, because a peer that dialled us has not got our handshake yet.
  queueMicrotask(() => {
    if (!torrent.ready && !torrent.destroyed && !wire.destroyed) wire.interested();
  });
}

/**
 * Unchokes a peer at once when it becomes interested. npm:webtorrent does so, too, but hears of the
 * interest only some time after the handshake. A peer that we dialled may send both together, and
 * would wait for the next choice of unchoked peers, ten seconds later.
 */
export function answerEarlyInterest(torrent: Torrent, wire: Wire): void {
  const choking = wire as Wire & { amChoking: boolean; unchoke(): void };
  const answer = () =>
    // In a microtask, because npm:webtorrent sends the list of our pieces in an earlier one.
    queueMicrotask(() => {
      if (!torrent.destroyed && !wire.destroyed && choking.amChoking) choking.unchoke();
    });
  wire.once("interested", () => {
    if (torrent.ready) answer();
    else torrent.once("ready", answer);
  });
}

/**
 * Disconnects a peer when both sides are seeders. Seeders have nothing to exchange, so the
 * connection would stay idle. Relays are kept.
 */
export function dropIfBothSeed(torrent: Torrent, wire: Wire, relays: Relays): void {
  const check = () => {
    wire.isSeeder = hasEverything(torrent, wire);
    if (torrent.done) dropSeeder(wire, relays);
  };
  // The check is deferred by a microtask, because WebTorrent's own listeners for the same event run
  // after this listener.
  for (const event of ["bitfield", "have-all", "have", "interested"]) {
    wire.on(event, () => queueMicrotask(check));
  }
}

/**
 * Disconnects a peer that keeps rejecting requests for pieces that it claims to have. WebTorrent
 * would request the same piece again at once, in an endless loop.
 */
export function dropIfRefusing(wire: Wire): void {
  let refused = 0;
  wire.on("piece", () => refused = 0);
  wire.on("reject", () => {
    if (++refused >= MAX_REFUSALS) wire.destroy();
  });
}

/** Disconnects all seeders but relays. Called once our own download is complete. */
export function dropSeeders(torrent: Torrent, relays: Relays): void {
  for (const wire of [...torrent.wires]) {
    wire.isSeeder = hasEverything(torrent, wire);
    dropSeeder(wire, relays);
  }
}

function dropSeeder(wire: Wire, relays: Relays): void {
  if (wire.isSeeder && !wire.destroyed && !relays.keeps(wire)) wire.destroy();
}

/**
 * Whether a peer has every piece. WebTorrent's own flag `isSeeder` is wrong: it is already set for
 * a peer that has not sent its bitfield yet. If such a peer turns out to be a leecher, the flag
 * stays set, and the leecher is never served.
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

/** Sums up the transfers of the given torrents and of torrents that have ended. */
export function totalsOf(
  torrents: readonly Torrent[],
  transferred: Pick<Totals, "uploadedBytes" | "downloadedBytes" | "webSeedBytes">,
): Totals {
  const sum: Totals = {
    ...{ uploadSpeed: 0, downloadSpeed: 0, ...transferred },
    ...{ peersConnected: 0, peersKnown: 0, peersByUtp: 0 },
  };
  for (const torrent of torrents) {
    sum.uploadSpeed += torrent.uploadSpeed;
    sum.downloadSpeed += torrent.downloadSpeed;
    sum.uploadedBytes += torrent.uploaded;
    sum.downloadedBytes += torrent.received;
    sum.peersConnected += torrent.numPeers;
    sum.peersKnown += knownPeers(torrent);
    sum.peersByUtp += torrent.wires.filter(({ type }) => type.startsWith("utp")).length;
  }
  return sum;
}

/**
 * Returns the progress of a torrent's download; `known` is passed on unchanged.
 *
 * @param pendingBytes reused bytes of missing pieces that wait to be hashed
 */
export function progressOf(
  torrent: Torrent,
  pendingBytes: number,
  known: Pick<DownloadProgress, "reach" | "webSeeds" | "reusedBytes" | "fetchedBytes">,
): DownloadProgress {
  return {
    lengthBytes: torrent.length ?? 0,
    downloadedBytes: torrent.length ? torrent.downloaded + pendingBytes : 0,
    checking: torrent.length > 0 && !torrent.ready,
    readyBytes: readyBytesOf(torrent),
    peers: torrent.numPeers,
    ...known,
    downloadSpeed: torrent.downloadSpeed,
  };
}

/**
 * Calls `report` after each `everyBytes()` of verified pieces, so that the archive can be read while the
 * rest is still downloading.
 */
export function onDownloadedBytes(
  torrent: Torrent,
  report: () => void,
  everyBytes: () => number,
): void {
  let unreportedBytes = 0;
  torrent.on("verified", () => {
    unreportedBytes += torrent.pieceLength;
    if (!torrent.ready || unreportedBytes < everyBytes()) return;
    unreportedBytes = 0;
    report();
  });
}

/**
 * Number of verified bytes at the start of the archive. In `pieces`, the entry of a verified and
 * written piece is `null`.
 */
function readyBytesOf({ ready, pieces, pieceLength, length }: Torrent): number {
  if (!ready || !pieces) return 0;
  const missing = pieces.findIndex((piece) => piece !== null);
  return missing === -1 ? length : missing * pieceLength;
}
