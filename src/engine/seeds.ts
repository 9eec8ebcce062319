/**
 * The archives that are seeded. Each is a row in a table; only while somebody wants one is it a
 * torrent of WebTorrent's, which takes far more memory and has timers of its own. A handshake
 * wakes it, and when it has had no peers for a while it sleeps again.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Clock, every, type Timer } from "../base/mod.ts";
import type { Torrent } from "./libraries/mod.ts";
import { readTorrentFile } from "./torrent_file.ts";
import { destroyed, settled, statusOf, type TorrentStatus } from "./torrents.ts";

/** An archive to seed. */
export interface SeedOrder {
  /** 40 hexadecimal digits. */
  infoHashHex: string;
  /** Absolute path of the archive. */
  filePath: string;
  /** The bytes of its `.torrent`, or the absolute path where they lie. */
  torrent: Uint8Array | string;
  lengthBytes: number;
}

/** Options of {@linkcode Seeds}. */
export interface SeedsOptions {
  clock: Clock;
  /** Makes the torrent of a whole archive. */
  add(torrent: Uint8Array, filePath: string): Torrent;
  /** Hears that a `.torrent` cannot be read, or is of another archive; somebody was turned away. */
  onUnreadable(infoHashHex: string, error: Error): void;
}

interface Row {
  filePath: string;
  torrent: Uint8Array | string;
  lengthBytes: number;
  /** Of earlier times awake. */
  uploadedBytes: number;
  downloadedBytes: number;
}

/** A row that is awake, or waking. */
interface Awake {
  ready: Promise<Torrent>;
  torrent?: Torrent;
  /** Since when it has had no peers. */
  idleSinceMs: number;
}

/** Awake without a peer for so long, a torrent goes to sleep. */
const SLEEP_AFTER_MS = 120_000;
const LOOK_MS = 30_000;
/** A stranger who knows many infohashes must not wake them all: beyond so many the idlest sleep at once. */
const MAX_IDLE_AWAKE = 64;

/** What is seeded, asleep or awake. */
export class Seeds {
  readonly #options: SeedsOptions;
  /** By infohash. */
  readonly #rows = new Map<string, Row>();
  readonly #awake = new Map<string, Awake>();
  /** Infohashes by the first 12 digits of the hash that an encrypted handshake shows instead. */
  readonly #hidden = new Map<number, string>();
  /** Rows that are in `#hidden` not yet: hashing is left to the first encrypted handshake. */
  #unhashed = new Set<string>();
  #timer: Timer | undefined;

  constructor(options: SeedsOptions) {
    this.#options = options;
  }

  /** How many are seeded. */
  get count(): number {
    return this.#rows.size;
  }

  /** Whether an archive is seeded. */
  has(infoHashHex: string): boolean {
    return this.#rows.has(infoHashHex);
  }

  /** Seeds an archive from now on, in place of one of the same infohash. Its `.torrent` is read when it is woken. */
  async hold({ infoHashHex, filePath, torrent, lengthBytes }: SeedOrder): Promise<void> {
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

  /** Its torrent, once it is ready; `undefined` if it is not seeded or its `.torrent` is no good. */
  async wake(infoHashHex: string): Promise<Torrent | undefined> {
    const awake = this.#awake.get(infoHashHex) ?? this.#rouse(infoHashHex);
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
   * The infohash that an encrypted handshake means: it shows SHA-1 of `req2` and the infohash.
   *
   * @param others infohashes that are not seeded here, but may be meant
   */
  unhide(hashHex: string, others: readonly string[]): string | undefined {
    for (const infoHashHex of this.#unhashed) {
      this.#hidden.set(keyOf(hiddenHash(infoHashHex)), infoHashHex);
    }
    this.#unhashed = new Set();
    const found = this.#hidden.get(keyOf(hashHex));
    if (found !== undefined && hiddenHash(found) === hashHex) return found;
    return others.find((infoHashHex) => hiddenHash(infoHashHex) === hashHex);
  }

  /** Seeds it no longer. */
  async remove(infoHashHex: string): Promise<void> {
    if (!this.#rows.delete(infoHashHex)) return;
    if (!this.#unhashed.delete(infoHashHex)) this.#hidden.delete(keyOf(hiddenHash(infoHashHex)));
    const awake = this.#awake.get(infoHashHex);
    if (awake) await this.#sleep(infoHashHex, awake);
  }

  /** How each stands. */
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

  /** Wakes nobody any more. The torrents that are awake are ended by whoever owns the client. */
  close(): void {
    this.#timer?.cancel();
    this.#rows.clear();
  }

  #rouse(infoHashHex: string): Awake | undefined {
    const row = this.#rows.get(infoHashHex);
    if (!row) return undefined;
    const awake: Awake = {
      ready: this.#load(infoHashHex, row),
      idleSinceMs: this.#options.clock.now(),
    };
    this.#awake.set(infoHashHex, awake);
    awake.ready.then((torrent) => {
      awake.torrent = torrent;
      // It ends by itself if its archive cannot be read.
      torrent.once("close", () => this.#forget(infoHashHex, awake));
    }, () => this.#forget(infoHashHex, awake));
    this.#timer ??= every(this.#options.clock, LOOK_MS, () => this.#look());
    this.#sleepIfTooMany();
    return awake;
  }

  async #load(infoHashHex: string, row: Row): Promise<Torrent> {
    const bytes = typeof row.torrent === "string" ? readTorrentFile(row.torrent) : row.torrent;
    const torrent = this.#options.add(bytes, row.filePath);
    await settled(torrent, "ready");
    if (torrent.infoHash === infoHashHex) return torrent;
    const problem = new Error(`it is of ${torrent.infoHash}`);
    await destroyed(torrent);
    throw problem;
  }

  /** Puts to sleep what nobody has wanted for a while. */
  #look(): void {
    const nowMs = this.#options.clock.now();
    for (const [infoHashHex, awake] of this.#awake) {
      if (awake.torrent === undefined || awake.torrent.numPeers > 0) awake.idleSinceMs = nowMs;
      else if (nowMs - awake.idleSinceMs >= SLEEP_AFTER_MS) void this.#sleep(infoHashHex, awake);
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
    if (torrent && !torrent.destroyed) await destroyed(torrent);
    else this.#forget(infoHashHex, awake);
  }

  /** Called when the torrent has ended. What it moved is kept. */
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

function hiddenHash(infoHashHex: string): string {
  return createHash("sha1").update("req2").update(infoHashHex, "hex").digest("hex");
}

function keyOf(hashHex: string): number {
  return parseInt(hashHex.slice(0, 12), 16);
}
