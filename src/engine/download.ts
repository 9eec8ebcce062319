/**
 * One download: its torrent and the helpers from `download/` that watch the torrent, from the first
 * peer to the last piece. The WebTorrent client that the torrent is added to belongs to
 * `engine.ts`.
 *
 * @module
 */

import { type Clock, every, formatHostPort, parseAddress, toHex } from "../base/mod.ts";
import type { PeerAddress } from "../dht/mod.ts";
import {
  type ByteRange,
  DuplicateConnections,
  type FetchRange,
  PeerReach,
  PiecePicker,
  PublisherPeers,
  RendezvousDials,
  SmartBan,
  WebSeeds,
} from "./download/mod.ts";
import { EngineError } from "./errors.ts";
import type { Torrent } from "./libraries/mod.ts";
import type { EngineOptions } from "./options.ts";
import {
  destroyTorrent,
  type DownloadProgress,
  onDownloadedBytes,
  progressOf,
  waitForEvent,
} from "./torrents.ts";

/** Parameters of `Engine.download`: the archive to download, and the file to write. */
export interface DownloadRequest {
  /** Infohash of the torrent, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Bytes of the `.torrent` file. Without them, the metadata is requested from peers. */
  torrent?: Uint8Array;
  /**
   * Absolute path of the file to write. Valid pieces of an earlier download in this file are kept.
   */
  filePath: string;
  /** Length of the archive in bytes, from the signed manifest. A torrent of another length is refused. */
  lengthBytes?: number;
  /** Maximum length of the archive in bytes. A longer torrent is refused. */
  maxBytes: number;
  /** Addresses of peers that are already known when the download starts. */
  peers?: PeerAddress[];
  /** URLs of web seeds (BEP 19). */
  webSeeds?: readonly string[];
  /** Name of the archive's file in a directory of a web seed; used until the metadata are known. */
  fileName?: string;
  /**
   * Number of bytes at the archive's beginning that are wanted. The pieces that hold them are requested
   * in order, and the download waits for {@linkcode Download.widen} or {@linkcode Download.want} when it
   * has them. Default: all.
   */
  wantedBytes?: number;
  /** Identity of the publisher, 32 bytes, if known. */
  publisher?: Uint8Array;
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

/** Ranges of bytes that a download has, verified and written. */
export interface RangesHeld {
  /** Length of the torrent's file in bytes. */
  lengthBytes: number;
  /**
   * Number of bytes that peers have sent so far, for these and other ranges, with the metadata and all
   * messages.
   */
  downloadedBytes: number;
}

/** Number of downloaded bytes after which a progress report is due. */
const PROGRESS_BYTES = 4 * 1024 * 1024;
/** Interval between two progress reports to the caller of the download. */
const PROGRESS_INTERVAL_MS = 250;
/** Maximum number of peer addresses queued while the torrent is still being parsed. */
const MAX_EARLY_PEERS = 500;

/** Maximum number of host names of peers that a download looks up. */
const MAX_NAMES = 8;

/** Parts of the engine that all downloads share: functions of the gate, and a memory of peers. */
export interface Shared {
  /** Requests a range of a web seed's file. */
  fetchRange: FetchRange;
  /** Called with the number of bytes after each part that came from a web seed. */
  onBytes(bytes: number): void;
  /** Returns the addresses of a peer's host name that may be dialled at a port. */
  lookUp(name: string, port: number): Promise<string[]>;
  /** Memory of the peers of publishers' rendezvous, which all downloads share. */
  publisherPeers: PublisherPeers;
}

/**
 * Returns the parts that all downloads of an engine share. Without a gate, its functions fail.
 *
 * @param onBytes as in {@linkcode Shared}
 */
export function sharedBy(
  { gate, clock }: Pick<EngineOptions, "gate" | "clock">,
  onBytes: Shared["onBytes"],
): Shared {
  const noGate = () => Promise.reject(new Error("There is no gate"));
  return {
    fetchRange: (order, signal) => gate ? gate().fetchRange(order, signal) : noGate(),
    lookUp: (name, port) => gate ? gate().lookUp(name, port) : noGate(),
    onBytes,
    publisherPeers: new PublisherPeers(clock),
  };
}

/** A running download: the torrent, and the helpers that pick pieces, ban peers and count peers. */
export class Download {
  readonly torrent: Torrent;
  readonly request: DownloadRequest;
  readonly #clock: Clock;
  readonly #smartBan: SmartBan;
  readonly #picker: PiecePicker;
  readonly #reach: PeerReach;
  readonly #webSeeds: WebSeeds;
  /**
   * Peer addresses that arrived while the torrent was still being parsed. They are dialled
   * afterwards.
   */
  readonly #early: PeerAddress[];
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
    this.#early = [...request.peers ?? []];
    this.#smartBan = new SmartBan(torrent, clock);
    this.#picker = new PiecePicker(torrent, clock, Math.random, request.wantedBytes);
    new DuplicateConnections(torrent, clock);
    this.#reach = new PeerReach(torrent);
    const { infoHashHex, fileName, webSeeds = [] } = request;
    const isWanted = (index: number) => this.#picker.isWanted(index);
    this.#webSeeds = new WebSeeds(torrent, { ...shared, clock, infoHashHex, fileName, isWanted });
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
    this.#picker.widen(wantedBytes);
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

  /** Adds web seeds by their URLs. */
  addWebSeeds(urls: readonly string[]): void {
    this.#webSeeds.add(urls);
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
      request.onProgress?.(progressOf(torrent, this.#reach.counts(), this.#webSeeds.statuses()));
    onDownloadedBytes(torrent, report, request.wantedBytes === undefined ? PROGRESS_BYTES : 1);
    const ticking = every(this.#clock, PROGRESS_INTERVAL_MS, () => {
      this.#smartBan.update();
      this.#webSeeds.update();
      this.#rendezvous?.update();
      report();
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
      this.#webSeeds.close();
      signal?.removeEventListener("abort", cancel);
      await destroyTorrent(torrent);
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

/** Creates an {@linkcode EngineError} with the code `TORRENT_INVALID`. */
export function invalidTorrent(infoHashHex: string, why: string, cause?: unknown): EngineError {
  const message = `The .torrent of ${infoHashHex} is not valid: ${why}`;
  return new EngineError("verification", "TORRENT_INVALID", message, { cause });
}

/**
 * Compares the number of files and the length of a torrent with the request. Returns the error if
 * they do not match.
 */
function unexpected(torrent: Torrent, request: DownloadRequest): EngineError | undefined {
  const { infoHashHex, lengthBytes, maxBytes } = request;
  if (torrent.files.length !== 1) {
    return new EngineError(
      "verification",
      "TORRENT_UNEXPECTED",
      `Torrent ${infoHashHex} has ${torrent.files.length} files; a package has one`,
    );
  }
  if (lengthBytes !== undefined && torrent.length !== lengthBytes) {
    return new EngineError(
      "verification",
      "TORRENT_UNEXPECTED",
      `Torrent ${infoHashHex} is ${torrent.length} bytes long; the signed manifest says ${lengthBytes}`,
    );
  }
  if (torrent.length <= maxBytes) return undefined;
  return new EngineError(
    "verification",
    "TORRENT_TOO_LARGE",
    `Torrent ${infoHashHex} is ${torrent.length} bytes long; the limit is ${maxBytes} (--max-archive-size)`,
  );
}
