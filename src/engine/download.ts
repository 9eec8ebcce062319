/**
 * One download: its torrent and the helpers from `download/` that watch the torrent, from the first
 * peer to the last piece. The WebTorrent client that the torrent is added to belongs to
 * `engine.ts`.
 *
 * @module
 */

import { type Clock, every, formatHostPort, parseAddress, toHex } from "../base/mod.ts";
import type { PeerAddress } from "../dht/mod.ts";
import { torrentDetailsOf } from "./details/mod.ts";
import {
  type ByteRange,
  DuplicateConnections,
  invalidReuse,
  PeerReach,
  PiecePicker,
  RendezvousDials,
  requestEarlyBlocks,
  Reuse,
  type ReusedRange,
  SmartBan,
  WebSeeds,
} from "./download/mod.ts";
import {
  type DownloadRequest,
  invalidTorrent,
  type RangesHeld,
  type Reused,
  type Shared,
  unexpected,
} from "./download_request.ts";
import { EngineError } from "./errors.ts";
import type { Torrent, Wire } from "./libraries/mod.ts";
import {
  destroyTorrent,
  type DetailedTorrent,
  onDownloadedBytes,
  progressOf,
  statusOf,
  waitForEvent,
} from "./torrents.ts";

/** Number of downloaded bytes after which a progress report is due. */
const PROGRESS_BYTES = 4 * 1024 * 1024;
/** Interval between two progress reports to the caller of the download. */
const PROGRESS_INTERVAL_MS = 250;
/** Maximum number of peer addresses queued while the torrent is still being parsed. */
const MAX_EARLY_PEERS = 500;
/** Maximum number of host names of peers that a download looks up. */
const MAX_NAMES = 8;
/** Maximum number of given peers that are dialled again and again, and the pause between two rounds. */
const GIVEN = { most: 64, pauseMs: 30_000 };

/** A running download: the torrent, and the helpers that pick pieces, ban peers and count peers. */
export class Download {
  readonly torrent: Torrent;
  readonly request: DownloadRequest;
  readonly #clock: Clock;
  readonly #smartBan: SmartBan;
  readonly #picker: PiecePicker;
  readonly #reach: PeerReach;
  readonly #webSeeds: WebSeeds;
  readonly #reuse: Reuse;
  /**
   * Resolved when the download requests everything that it was asked for: with `reuse`, after the
   * offer, else at once.
   */
  readonly #begun = Promise.withResolvers<void>();
  #hasBegun: boolean;
  #isOffered = false;
  /** Bytes of the blocks that peers and web seeds have sent. */
  #fetchedBytes = 0;
  /** Number of bytes at the beginning that are wanted after the offer. */
  #wantedBytes: number;
  /**
   * Peer addresses that arrived while the torrent was still being parsed. They are dialled
   * afterwards.
   */
  readonly #early: PeerAddress[];
  /**
   * Peers that the caller has given. A given peer is dialled until the download ends, since it may be
   * down for longer than the torrent's own attempts last (21 s), and nobody else may name it again.
   */
  readonly #given: PeerAddress[] = [];
  readonly #shared: Shared;
  /** Identity of the publisher, 32 bytes, as far as it is known. */
  publisher: Uint8Array | undefined;
  #rendezvous: RendezvousDials | undefined;
  /** Host names of peers that were looked up, as `NAME:PORT`. */
  readonly #names = new Set<string>();

  /** @param torrent a torrent that was just added to the client */
  constructor(torrent: Torrent, request: DownloadRequest, clock: Clock, shared: Shared) {
    this.torrent = torrent;
    this.request = request;
    this.#clock = clock;
    this.#shared = shared;
    const { peers = [] } = request;
    this.#early = [...peers];
    this.#given.push(...peers.slice(0, GIVEN.most));
    this.#smartBan = new SmartBan(torrent, clock);
    this.#wantedBytes = request.wantedBytes ?? Infinity;
    this.#hasBegun = !request.reuse;
    if (this.#hasBegun) this.#begun.resolve();
    const wantedBytes = request.reuse ? 1 : this.#wantedBytes;
    this.#picker = new PiecePicker(torrent, clock, Math.random, wantedBytes);
    this.#reuse = new Reuse(torrent, {
      clock,
      onForgotten: (index) => {
        this.#smartBan.forget(index);
        this.#webSeeds.release(index);
      },
      onWrong: () => this.#picker.askAgain(),
      ban: (peer, index) => this.#smartBan.banLiar(peer, index),
    });
    this.#picker.rules = this.#reuse;
    const { lengthBytes, pieceBytes } = request;
    if (lengthBytes && pieceBytes) {
      const wantedBytes = () => this.#hasBegun ? this.#wantedBytes : 1;
      requestEarlyBlocks(torrent, { clock, lengthBytes, pieceBytes, wantedBytes });
    }
    new DuplicateConnections(torrent, clock);
    this.#reach = new PeerReach(torrent);
    const { infoHashHex, fileName, webSeeds = [] } = request;
    const isWanted = (index: number) => this.#picker.isWanted(index);
    const onBytes = (bytes: number) => {
      this.#fetchedBytes += bytes;
      shared.onBytes(bytes);
    };
    this.#webSeeds = new WebSeeds(torrent, {
      ...{ ...shared, onBytes, clock, infoHashHex, fileName, isWanted },
    });
    torrent.on("wire", (wire: Wire) => {
      wire.on("piece", (_index, _offset, block) => this.#fetchedBytes += block.length);
    });
    this.#webSeeds.add(webSeeds);
    if (request.publisher) this.setPublisher(request.publisher);
  }

  /** Tells the download whose archive it is: the publisher's identity, 32 bytes. */
  setPublisher(publisher: Uint8Array): void {
    const { torrent, request: { infoHashHex } } = this;
    this.publisher ??= publisher;
    this.#rendezvous ??= new RendezvousDials({
      ...{ torrent, clock: this.#clock, infoHashHex, publisherHex: toHex(publisher) },
      known: this.#shared.publisherPeers,
    });
  }

  /**
   * Adds peers that one node has named at the publisher's rendezvous. Does nothing for a download whose
   * publisher is not known, or after its end.
   *
   * @param search number of the search; a higher one replaces what earlier searches have found
   */
  addRendezvousPeers(search: number, named: PeerAddress[]): void {
    const { torrent } = this;
    if (!torrent.destroyed && !torrent.done) this.#rendezvous?.add(search, named);
  }

  /** Wants more bytes at the archive's beginning, if the request named a number of wanted bytes. */
  widen(wantedBytes: number): void {
    this.#wantedBytes = Math.max(this.#wantedBytes, wantedBytes);
    if (this.#hasBegun) this.#picker.widen(wantedBytes);
  }

  /**
   * Wants more bytes at the archive's beginning before the offer, if the request says `reuse`. Does nothing
   * after the offer.
   */
  wantBeginning(wantedBytes: number): void {
    if (!this.#hasBegun) this.#picker.widen(wantedBytes);
  }

  /**
   * Takes up ranges of the file into which the host has copied bytes of other archives. Pieces that lie
   * wholly in them are verified. A wrong one is fetched, as all others. Pieces that the download had before
   * are verified again where ranges touch them. To be called once; without any range, all is fetched.
   * Resolves when all is verified, or the download has ended.
   *
   * @throws {EngineError} `REUSE_INVALID` if the ranges make no sense, or there was an offer before. The
   * download then fetches all.
   */
  async offerReused(ranges: readonly ReusedRange[]): Promise<Reused> {
    const { torrent } = this;
    if (this.#isOffered) throw invalidReuse("bytes have been offered before");
    this.#isOffered = true;
    try {
      if (ranges.length > 0 && await isReady(torrent)) {
        await this.#reuse.take(ranges, () => this.#begin());
      }
    } finally {
      this.#begin();
    }
    return { reusedBytes: this.#reuse.bytes };
  }

  /** Wants what the request asks for. */
  #begin(): void {
    this.#begun.resolve();
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#webSeeds.waitAgain();
    this.#picker.widen(this.#wantedBytes);
  }

  /**
   * Wants ranges of bytes, if the request named a number of wanted bytes. Resolves when the pieces that
   * hold them are verified and written. Bytes beyond the end of the archive are left out.
   *
   * @param signal aborting it takes the wish back
   * @throws {EngineError} `DOWNLOAD_CANCELLED` when `signal` aborts, `TORRENT_FAILED` if the download ends
   * before
   */
  async want(ranges: readonly ByteRange[], signal?: AbortSignal): Promise<RangesHeld> {
    const { torrent, request: { infoHashHex } } = this;
    await Promise.race([this.#begun.promise, isAborted(signal)]);
    const unwant = this.#picker.want(ranges);
    const arrived = Promise.withResolvers<void>();
    const check = () => {
      if (holdsAll(torrent, ranges)) arrived.resolve();
      else if (signal?.aborted) arrived.reject(cancelled(infoHashHex, signal));
      else if (torrent.destroyed) {
        const message = `Torrent ${infoHashHex} was ended`;
        arrived.reject(new EngineError("failed", "TORRENT_FAILED", message));
      }
    };
    const events = ["ready", "verified", "done", "close"];
    for (const event of events) torrent.on(event, check);
    signal?.addEventListener("abort", check, { once: true });
    check();
    try {
      await arrived.promise;
      return { lengthBytes: torrent.length, downloadedBytes: torrent.received };
    } finally {
      for (const event of events) torrent.removeListener(event, check);
      signal?.removeEventListener("abort", check);
      unwant();
    }
  }

  /** Describes the torrent, its peers, and the web seeds that are sending now. */
  details(): DetailedTorrent {
    const details = torrentDetailsOf(this.torrent, this.#webSeeds.busy());
    return { status: statusOf(this.torrent), details };
  }

  /** Adds given peers, with host names or addresses, and web seeds by their URLs. */
  addSources(peers: PeerAddress[], webSeeds: readonly string[]): void {
    this.#given.push(...peers.slice(0, GIVEN.most - this.#given.length));
    this.addPeers(peers);
    this.#webSeeds.add(webSeeds);
  }

  /**
   * Adds peer addresses for the download to dial, with host names or addresses. Does nothing after the
   * download has ended.
   */
  addPeers(peers: PeerAddress[]): void {
    const { torrent } = this;
    if (torrent.destroyed || torrent.done) return;
    if (!torrent.infoHash) {
      this.#early.push(...peers.slice(0, MAX_EARLY_PEERS - this.#early.length));
    } else {
      for (const peer of peers) {
        if (parseAddress(peer.host)) torrent.addPeer(formatHostPort(peer));
        else void this.#addNamed(peer);
      }
    }
  }

  /** Looks up a host name, and adds its addresses. A name without any counts as a refused peer. */
  async #addNamed({ host, port }: PeerAddress): Promise<void> {
    const { torrent } = this;
    const name = formatHostPort({ host, port });
    if (this.#names.has(name) || this.#names.size >= MAX_NAMES) return;
    this.#names.add(name);
    const hosts = await this.#shared.lookUp(host, port).catch(() => []);
    if (torrent.destroyed) return;
    if (hosts.length === 0) torrent.emit("refused", name, "name");
    this.addPeers(hosts.map((host) => ({ host, port })));
  }

  /**
   * Runs the download. Resolves when all pieces are verified and written and the torrent has been
   * removed from the client.
   *
   * @returns the bytes of the `.torrent` file
   * @throws {EngineError} `TORRENT_INVALID`, `TORRENT_TOO_LARGE`, `TORRENT_UNEXPECTED`,
   * `DOWNLOAD_CANCELLED` (when the request's signal aborts)
   */
  async run(): Promise<Uint8Array> {
    const { torrent, request } = this;
    const { infoHashHex, signal } = request;
    const report = () =>
      request.onProgress?.(progressOf(torrent, this.#reuse.pendingBytes, {
        ...{ reach: this.#reach.counts(), webSeeds: this.#webSeeds.statuses() },
        ...{ reusedBytes: this.#reuse.bytes, fetchedBytes: this.#fetchedBytes },
      }));
    const isPart = () => !this.#hasBegun || request.wantedBytes !== undefined;
    onDownloadedBytes(torrent, report, () => isPart() ? 1 : PROGRESS_BYTES);
    const ticking = every(this.#clock, PROGRESS_INTERVAL_MS, () => {
      this.#smartBan.update();
      this.#reuse.update();
      this.#webSeeds.update();
      this.#rendezvous?.update();
      report();
    });
    const redialling = every(this.#clock, GIVEN.pauseMs, () => {
      // Names are looked up anew: the address of a home may have changed.
      this.#names.clear();
      this.addPeers(this.#given);
    });
    const cancel = () => torrent.destroy({ destroyStore: false });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      signal?.throwIfAborted();
      torrent.once("infoHash", () => {
        if (torrent.infoHash === infoHashHex) this.addPeers(this.#early.splice(0));
        else {torrent.emit(
            "error",
            invalidTorrent(infoHashHex, `its infohash is ${torrent.infoHash}`),
          );}
      });
      torrent.once("metadata", () => {
        const problem = unexpected(torrent, request);
        if (problem) torrent.emit("error", problem);
      });
      await waitForEvent(torrent, "done");
      report();
      return torrent.torrentFile;
    } catch (error) {
      if (!signal?.aborted) throw error;
      throw cancelled(infoHashHex, signal);
    } finally {
      ticking.cancel();
      redialling.cancel();
      this.#webSeeds.close();
      signal?.removeEventListener("abort", cancel);
      await destroyTorrent(torrent);
      this.#begun.resolve();
    }
  }
}

function cancelled(infoHashHex: string, signal: AbortSignal): EngineError {
  const message = `Download of ${infoHashHex} ended early`;
  return new EngineError("failed", "DOWNLOAD_CANCELLED", message, { cause: signal.reason });
}

/**
 * Wants ranges of bytes of a download: see {@linkcode Download.want}.
 *
 * @throws {EngineError} `TORRENT_FAILED` also if there is no such download
 */
export async function wantRanges(
  download: Download | undefined,
  ranges: readonly ByteRange[],
  signal?: AbortSignal,
): Promise<RangesHeld> {
  if (download) return await download.want(ranges, signal);
  throw new EngineError("failed", "TORRENT_FAILED", "The torrent is not being downloaded");
}

/** Waits until a torrent can be downloaded. Returns `false` if it ends before. */
function isReady(torrent: Torrent): Promise<boolean> {
  return new Promise((resolve) => {
    if (torrent.ready || torrent.destroyed) return resolve(!torrent.destroyed);
    torrent.once("ready", () => resolve(true));
    torrent.once("close", () => resolve(false));
  });
}

/** Resolves when a signal aborts. */
function isAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Whether all pieces that hold ranges of bytes are verified. */
function holdsAll(torrent: Torrent, ranges: readonly ByteRange[]): boolean {
  const { ready, pieces, pieceLength } = torrent;
  if (!ready || !pieces) return false;
  return ranges.every(({ start, end }) => {
    const last = Math.min(Math.ceil(end / pieceLength), pieces.length);
    for (let index = Math.floor(start / pieceLength); index < last; index++) {
      if (pieces[index] !== null) return false;
    }
    return true;
  });
}
