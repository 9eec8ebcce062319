/**
 * The archives that are seeded. An idle archive is only a row in a table, because a WebTorrent torrent
 * takes far more memory and has timers of its own. A handshake from a peer wakes the archive, which makes
 * a torrent of it; an idle timeout puts it back to sleep.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Clock, every, type Timer } from "../base/mod.ts";
import type { Torrent } from "./libraries/mod.ts";
import { readTorrentFile } from "./torrent_file.ts";
import { destroyTorrent, statusOf, type TorrentStatus, waitForEvent } from "./torrents.ts";

/** An archive to seed. */
export interface SeedOrder {
  /** 40 hexadecimal digits. */
  infoHashHex: string;
  /** Absolute path of the archive. */
  filePath: string;
  /** Bytes of the `.torrent`, or its absolute path. */
  torrent: Uint8Array | string;
  lengthBytes: number;
}

/** Options of {@linkcode Seeds}. */
export interface SeedsOptions {
  clock: Clock;
  /** Adds the torrent of a complete archive to the client. */
  add(torrent: Uint8Array, filePath: string): Torrent;
  /** Called if a `.torrent` cannot be read or has another infohash; the peer is turned away. */
  onUnreadable(infoHashHex: string, error: Error): void;
}

interface Row {
  filePath: string;
  torrent: Uint8Array | string;
  lengthBytes: number;
  /** Transferred while the archive was awake before. */
  uploadedBytes: number;
  downloadedBytes: number;
}

/** The torrent of an archive that is awake or waking. */
interface Awake {
  ready: Promise<Torrent>;
  torrent?: Torrent;
  /** Since when the torrent has had no peers. */
  idleSinceMs: number;
}

/** Idle timeout, after which a torrent without peers goes to sleep. */
const IDLE_TIMEOUT_MS = 120_000;
/** Interval between checks for idle torrents. */
const CHECK_MS = 30_000;
/**
 * Maximum number of idle torrents awake; beyond it the longest idle sleep at once, so that a stranger who
 * knows many infohashes cannot wake them all.
 */
const MAX_IDLE_AWAKE = 64;

/** All seeded archives, asleep or awake. */
export class Seeds {
  readonly #options: SeedsOptions;
  /** Archives by infohash. */
  readonly #rows = new Map<string, Row>();
  readonly #awake = new Map<string, Awake>();
  /** Infohashes by the first 12 digits of their obfuscated hash (see {@linkcode findObfuscated}). */
  readonly #byObfuscatedHash = new Map<number, string>();
  /** Infohashes that are not in `#byObfuscatedHash` yet; the first encrypted handshake adds them. */
  #unhashed = new Set<string>();
  #timer: Timer | undefined;

  constructor(options: SeedsOptions) {
    this.#options = options;
  }

  /** Seeds an archive, replacing one with the same infohash. The `.torrent` is read when a peer wakes it. */
  async add({ infoHashHex, filePath, torrent, lengthBytes }: SeedOrder): Promise<void> {
    const before = this.#awake.get(infoHashHex);
    const row = this.#rows.get(infoHashHex);
    const { uploadedBytes = 0, downloadedBytes = 0 } = row ?? {};
    this.#rows.set(infoHashHex, {
      filePath,
      torrent,
      lengthBytes,
      uploadedBytes,
      downloadedBytes,
    });
    if (!row) this.#unhashed.add(infoHashHex);
    if (before) await this.#sleep(infoHashHex, before);
  }

  /** Wakes an archive; `undefined` if it is not seeded or its `.torrent` is unusable. */
  async wake(infoHashHex: string): Promise<Torrent | undefined> {
    const awake = this.#awake.get(infoHashHex) ?? this.#startWaking(infoHashHex);
    if (!awake) return undefined;
    awake.idleSinceMs = this.#options.clock.now();
    try {
      return await awake.ready;
    } catch (error) {
      if (this.#rows.has(infoHashHex)) {
        this.#options.onUnreadable(infoHashHex, error as Error);
      }
      return undefined;
    }
  }

  /**
   * Finds the infohash of an encrypted handshake (Message Stream Encryption), which sends the SHA-1 of
   * `req2` and the infohash in its place.
   *
   * @param hashHex the obfuscated hash, 40 hexadecimal digits
   * @param others further infohashes to consider, besides the seeded ones
   */
  findObfuscated(hashHex: string, others: readonly string[]): string | undefined {
    for (const infoHashHex of this.#unhashed) {
      this.#byObfuscatedHash.set(keyOf(obfuscatedHash(infoHashHex)), infoHashHex);
    }
    this.#unhashed = new Set();
    const found = this.#byObfuscatedHash.get(keyOf(hashHex));
    if (found !== undefined && obfuscatedHash(found) === hashHex) return found;
    return others.find((infoHashHex) => obfuscatedHash(infoHashHex) === hashHex);
  }

  /** Stops seeding an archive. */
  async remove(infoHashHex: string): Promise<void> {
    if (!this.#rows.delete(infoHashHex)) return;
    if (!this.#unhashed.delete(infoHashHex)) {
      this.#byObfuscatedHash.delete(keyOf(obfuscatedHash(infoHashHex)));
    }
    const awake = this.#awake.get(infoHashHex);
    if (awake) await this.#sleep(infoHashHex, awake);
  }

  /** Status of each archive. */
  *statuses(): Generator<TorrentStatus> {
    for (const [infoHashHex, row] of this.#rows) {
      const torrent = this.#awake.get(infoHashHex)?.torrent;
      const live = torrent && !torrent.destroyed ? statusOf(torrent) : undefined;
      yield {
        infoHashHex,
        lengthBytes: row.lengthBytes,
        done: true,
        peers: live?.peers ?? 0,
        uploadedBytes: row.uploadedBytes + (live?.uploadedBytes ?? 0),
        downloadedBytes: row.downloadedBytes + (live?.downloadedBytes ?? 0),
        uploadSpeed: live?.uploadSpeed ?? 0,
        downloadSpeed: live?.downloadSpeed ?? 0,
      };
    }
  }

  /** Stops waking archives. The owner of the client ends the torrents that are awake. */
  close(): void {
    this.#timer?.cancel();
    this.#rows.clear();
  }

  #startWaking(infoHashHex: string): Awake | undefined {
    const row = this.#rows.get(infoHashHex);
    if (!row) return undefined;
    const awake: Awake = {
      ready: this.#load(infoHashHex, row),
      idleSinceMs: this.#options.clock.now(),
    };
    this.#awake.set(infoHashHex, awake);
    awake.ready.then((torrent) => {
      awake.torrent = torrent;
      // A torrent ends by itself if its archive cannot be read.
      torrent.once("close", () => this.#forget(infoHashHex, awake));
    }, () => this.#forget(infoHashHex, awake));
    this.#timer ??= every(this.#options.clock, CHECK_MS, () => this.#sleepIdle());
    this.#sleepIfTooMany();
    return awake;
  }

  async #load(infoHashHex: string, row: Row): Promise<Torrent> {
    const bytes = typeof row.torrent === "string" ? readTorrentFile(row.torrent) : row.torrent;
    const torrent = this.#options.add(bytes, row.filePath);
    await waitForEvent(torrent, "ready");
    if (torrent.infoHash === infoHashHex) return torrent;
    const problem = new Error(`its infohash is ${torrent.infoHash}`);
    await destroyTorrent(torrent);
    throw problem;
  }

  /** Puts torrents to sleep that have reached the idle timeout. */
  #sleepIdle(): void {
    const nowMs = this.#options.clock.now();
    for (const [infoHashHex, awake] of this.#awake) {
      if (awake.torrent === undefined || awake.torrent.numPeers > 0) awake.idleSinceMs = nowMs;
      else if (nowMs - awake.idleSinceMs >= IDLE_TIMEOUT_MS) void this.#sleep(infoHashHex, awake);
    }
  }

  #sleepIfTooMany(): void {
    if (this.#awake.size <= MAX_IDLE_AWAKE) return;
    const idle = [...this.#awake].filter(([, { torrent }]) => torrent?.numPeers === 0)
      .sort(([, a], [, b]) => a.idleSinceMs - b.idleSinceMs);
    for (const [infoHashHex, awake] of idle.slice(0, Math.max(idle.length - MAX_IDLE_AWAKE, 0))) {
      void this.#sleep(infoHashHex, awake);
    }
  }

  async #sleep(infoHashHex: string, awake: Awake): Promise<void> {
    const torrent = awake.torrent ?? await awake.ready.catch(() => undefined);
    if (torrent && !torrent.destroyed) await destroyTorrent(torrent);
    else this.#forget(infoHashHex, awake);
  }

  /** Removes a torrent that has ended, and keeps its transfer totals. */
  #forget(infoHashHex: string, awake: Awake): void {
    if (this.#awake.get(infoHashHex) !== awake) return;
    this.#awake.delete(infoHashHex);
    const row = this.#rows.get(infoHashHex);
    if (row && awake.torrent) {
      row.uploadedBytes += awake.torrent.uploaded;
      row.downloadedBytes += awake.torrent.received;
    }
    if (this.#awake.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function obfuscatedHash(infoHashHex: string): string {
  return createHash("sha1").update("req2").update(infoHashHex, "hex").digest("hex");
}

function keyOf(hashHex: string): number {
  return parseInt(hashHex.slice(0, 12), 16);
}
