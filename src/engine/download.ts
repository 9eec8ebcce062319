/**
 * One download: its torrent with all that watches over it, from the first peer to the last piece. The
 * client that it runs in is the engine's.
 *
 * @module
 */

import { type Clock, every, formatHostPort } from "../base/mod.ts";
import type { PeerAddress } from "../dht/mod.ts";
import { DuplicateConnections, PeerReach, PiecePicker, SmartBan } from "./download/mod.ts";
import { EngineError } from "./errors.ts";
import type { Torrent } from "./libraries/mod.ts";
import {
  destroyed,
  type DownloadProgress,
  progressOf,
  settled,
  whenMoreIsThere,
} from "./torrents.ts";

/** A request to download; see `Engine.download`. */
export interface DownloadRequest {
  /** 40 hexadecimal digits. */
  infoHashHex: string;
  /** The `.torrent`, if it is there already. */
  torrent?: Uint8Array;
  /** Absolute path to write to. What an earlier download left there is checked and kept. */
  filePath: string;
  /** Exact length that was signed, if known. */
  lengthBytes?: number;
  /** More than this is refused. */
  maxBytes: number;
  /** Peers that are known already. */
  peers?: PeerAddress[];
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

/** How often a download tells how far it is. */
const PROGRESS_INTERVAL_MS = 250;
/** Peers that wait until the torrent has been read. */
const MAX_EARLY_PEERS = 500;

/** A download under way. */
export class Download {
  readonly torrent: Torrent;
  readonly request: DownloadRequest;
  readonly #clock: Clock;
  readonly #judge: SmartBan;
  readonly #reach: PeerReach;
  /** Named before the torrent took any. */
  readonly #early: PeerAddress[];

  /** @param torrent one that was just added to the client */
  constructor(torrent: Torrent, request: DownloadRequest, clock: Clock) {
    this.torrent = torrent;
    this.request = request;
    this.#clock = clock;
    this.#early = [...request.peers ?? []];
    this.#judge = new SmartBan(torrent, clock);
    new PiecePicker(torrent, clock, Math.random);
    new DuplicateConnections(torrent, clock);
    this.#reach = new PeerReach(torrent);
  }

  /** Hands peers to it. */
  addPeers(peers: PeerAddress[]): void {
    const { torrent } = this;
    if (torrent.destroyed || torrent.done) return;
    if (!torrent.infoHash) {
      this.#early.push(...peers.slice(0, MAX_EARLY_PEERS - this.#early.length));
    } else for (const peer of peers) torrent.addPeer(formatHostPort(peer));
  }

  /**
   * Resolves when every piece is there and checked against the infohash; the torrent has ended then.
   *
   * @returns the `.torrent`
   * @throws {EngineError} `TORRENT_INVALID`, `TORRENT_TOO_LARGE`, `TORRENT_UNEXPECTED`,
   * `DOWNLOAD_CANCELLED` (when the request's signal aborts)
   */
  async run(): Promise<Uint8Array> {
    const { torrent, request } = this;
    const { infoHashHex, signal } = request;
    const tell = () => request.onProgress?.(progressOf(torrent, this.#reach.counts()));
    whenMoreIsThere(torrent, tell);
    const ticking = every(this.#clock, PROGRESS_INTERVAL_MS, () => {
      this.#judge.look();
      tell();
    });
    const cancel = () => torrent.destroy({ destroyStore: false });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      signal?.throwIfAborted();
      torrent.once("infoHash", () => {
        if (torrent.infoHash === infoHashHex) this.addPeers(this.#early.splice(0));
        else torrent.emit("error", invalidTorrent(infoHashHex, `it is of ${torrent.infoHash}`));
      });
      torrent.once("metadata", () => {
        const problem = unexpected(torrent, request);
        if (problem) torrent.emit("error", problem);
      });
      await settled(torrent, "done");
      tell();
      return torrent.torrentFile;
    } catch (error) {
      if (!signal?.aborted) throw error;
      const message = `Download of ${infoHashHex} ended early`;
      throw new EngineError("failed", "DOWNLOAD_CANCELLED", message, { cause: signal.reason });
    } finally {
      ticking.cancel();
      signal?.removeEventListener("abort", cancel);
      await destroyed(torrent);
    }
  }
}

/** An {@linkcode EngineError} `TORRENT_INVALID`. */
export function invalidTorrent(infoHashHex: string, why: string, cause?: unknown): EngineError {
  const message = `The .torrent of ${infoHashHex} is not valid: ${why}`;
  return new EngineError("verification", "TORRENT_INVALID", message, { cause });
}

/** What the metadata promises against what was asked for. */
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
