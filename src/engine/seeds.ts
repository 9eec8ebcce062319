/**
 * The seeded archives. An idle archive is "asleep": only a row in a table, because a WebTorrent
 * torrent takes far more memory and runs timers. A handshake from a peer "wakes" the archive, which
 * adds a torrent for it to the client. After an idle timeout the torrent is removed, and the
 * archive is asleep again.
 *
 * @module
 */

import { basename, dirname, resolve } from "node:path";
import { type Clock, CompactMap, every, type Timer, torrentBeside } from "../base/mod.ts";
import { torrentDetailsOf, torrentDetailsOfFile } from "./details/mod.ts";
import { obfuscatedInfoHash, type Torrent } from "./libraries/mod.ts";
import { readTorrentFile } from "./torrent_file.ts";
import {
  destroyTorrent,
  type DetailedTorrent,
  statusOf,
  type TorrentStatus,
  waitForEvent,
} from "./torrents.ts";

/** An archive to seed, with its torrent. */
export interface SeedOrder {
  /** Infohash of the archive's torrent, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Absolute path of the archive. */
  filePath: string;
  /**
   * Bytes of the `.torrent` file, or its absolute path. Default: the path of the file beside the archive,
   * which needs no memory.
   */
  torrent?: Uint8Array | string;
  lengthBytes: number;
  /**
   * Time of the last change of an archive that was verified at an earlier start, Unix milliseconds. Such an
   * archive does not wake if its file has changed since. Absent for one that has just been verified.
   */
  modifiedMs?: number;
}

/** Options of {@linkcode Seeds}. */
export interface SeedsOptions {
  clock: Clock;
  /** Adds the torrent of a complete archive to the WebTorrent client. */
  add(torrent: Uint8Array, filePath: string): Torrent;
  /**
   * Called when a `.torrent` cannot be read or has another infohash, or when the archive has changed. The peer
   * that asked for the archive is disconnected.
   */
  onUnreadable(infoHashHex: string, error: Error): void;
}

/** A seeded archive. */
type Row = Pick<SeedOrder, "filePath" | "lengthBytes" | "modifiedMs">;

/** Bytes that earlier torrents of an archive have transferred, before it last went to sleep. */
interface Transferred {
  uploadedBytes: number;
  downloadedBytes: number;
}

/** The torrent of an archive that is awake or waking. */
interface Awake {
  ready: Promise<Torrent>;
  torrent?: Torrent;
  /**
   * Time at which the torrent was last seen with a peer, or at which a peer last woke the archive.
   */
  idleSinceMs: number;
}

/** Idle timeout: a torrent without peers for this long goes to sleep. */
const IDLE_TIMEOUT_MS = 120_000;
/** Interval between two checks for torrents that have reached the idle timeout. */
const CHECK_MS = 30_000;
/**
 * Maximum number of idle torrents awake. Beyond it, the torrents that have been idle longest go to
 * sleep at once, so that a stranger who knows many infohashes cannot keep all archives awake.
 */
const MAX_IDLE_AWAKE = 64;

/** All seeded archives: asleep (only a table row) or awake (with a torrent in the client). */
export class Seeds {
  readonly #options: SeedsOptions;
  /**
   * The seeded archives by infohash. A row is text: length, time of the last change (may be empty)
   * and path of the archive, separated by spaces. A path in {@linkcode #directory} is shortened to
   * its file name. There may be 100,000 archives, for which objects would take too much memory.
   */
  readonly #rows = new CompactMap();
  /** Directory of the first archive. */
  #directory: string | undefined;
  /** The torrents that were given, by infohash. Others lie beside their archives. */
  readonly #torrents = new Map<string, Uint8Array | string>();
  readonly #awake = new Map<string, Awake>();
  /** Transferred bytes of the archives that were awake, by infohash. */
  readonly #transferred = new Map<string, Transferred>();
  /**
   * Infohashes, by the beginnings of their obfuscated hashes (see {@linkcode findObfuscated}). Made at the
   * first encrypted handshake.
   */
  #byObfuscatedHash: CompactMap | undefined;
  #timer: Timer | undefined;

  constructor(options: SeedsOptions) {
    this.#options = options;
  }

  /**
   * Seeds an archive, replacing an earlier one with the same infohash. The `.torrent` is read when
   * a peer wakes the archive.
   */
  async add(order: SeedOrder): Promise<void> {
    const { infoHashHex, filePath, torrent, lengthBytes, modifiedMs = "" } = order;
    const before = this.#awake.get(infoHashHex);
    const directory = dirname(filePath);
    const place = directory === (this.#directory ??= directory) ? basename(filePath) : filePath;
    this.#rows.set(infoHashHex, `${lengthBytes} ${modifiedMs} ${place}`);
    if (torrent === undefined) this.#torrents.delete(infoHashHex);
    else this.#torrents.set(infoHashHex, torrent);
    this.#byObfuscatedHash?.set(keyOf(obfuscatedInfoHash(infoHashHex)), infoHashHex);
    if (before) await this.#sleep(infoHashHex, before);
  }

  /** Whether an archive is seeded. */
  has(infoHashHex: string): boolean {
    return this.#rows.has(infoHashHex);
  }

  /** Wakes an archive. Returns `undefined` if the archive is not seeded or its `.torrent` is unusable. */
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
   * Finds the infohash that an encrypted handshake (Message Stream Encryption) is meant for.
   * Instead of the infohash, such a handshake sends the {@linkcode obfuscatedInfoHash}.
   *
   * @param hashHex the obfuscated hash, 40 hexadecimal digits
   * @param others infohashes to consider besides those of seeded archives
   */
  findObfuscated(hashHex: string, others: readonly string[]): string | undefined {
    const found = (this.#byObfuscatedHash ??= this.#obfuscated()).get(keyOf(hashHex));
    if (found !== undefined && obfuscatedInfoHash(found) === hashHex) return found;
    return others.find((infoHashHex) => obfuscatedInfoHash(infoHashHex) === hashHex);
  }

  /** Stops seeding an archive, and removes its torrent if it is awake. */
  async remove(infoHashHex: string): Promise<void> {
    if (!this.#rows.delete(infoHashHex)) return;
    this.#torrents.delete(infoHashHex);
    this.#transferred.delete(infoHashHex);
    this.#byObfuscatedHash?.delete(keyOf(obfuscatedInfoHash(infoHashHex)));
    const awake = this.#awake.get(infoHashHex);
    if (awake) await this.#sleep(infoHashHex, awake);
  }

  /** Yields the status of each seeded archive, whether asleep or awake. */
  *statuses(): Generator<TorrentStatus> {
    for (const [infoHashHex, row] of this.#rows) yield this.#statusOf(infoHashHex, row);
  }

  #statusOf(infoHashHex: string, row: string): TorrentStatus {
    const lengthBytes = Number.parseInt(row, 10);
    const torrent = this.#awake.get(infoHashHex)?.torrent;
    const before = this.#transferred.get(infoHashHex);
    const live = torrent && !torrent.destroyed ? statusOf(torrent) : undefined;
    return {
      infoHashHex,
      lengthBytes,
      done: true,
      peers: live?.peers ?? 0,
      uploadedBytes: (before?.uploadedBytes ?? 0) + (live?.uploadedBytes ?? 0),
      downloadedBytes: (before?.downloadedBytes ?? 0) + (live?.downloadedBytes ?? 0),
      uploadSpeed: live?.uploadSpeed ?? 0,
      downloadSpeed: live?.downloadSpeed ?? 0,
    };
  }

  /**
   * Describes a seeded archive. A sleeping one stays asleep: its `.torrent` is read, and nothing of it is
   * kept. Returns `undefined` if the archive is not seeded.
   */
  details(infoHashHex: string): DetailedTorrent | undefined {
    const row = this.#rows.get(infoHashHex);
    if (row === undefined) return undefined;
    const status = this.#statusOf(infoHashHex, row);
    const torrent = this.#awake.get(infoHashHex)?.torrent;
    if (torrent?.ready && !torrent.destroyed) {
      return { status, details: torrentDetailsOf(torrent) };
    }
    try {
      return {
        status,
        details: torrentDetailsOfFile(this.#torrentOf(infoHashHex, this.#rowOf(row))),
      };
    } catch {
      // The error is reported when a peer wants the archive.
      return { status };
    }
  }

  /**
   * Stops waking archives. The caller then closes the client, which ends the torrents of the
   * archives that are awake.
   */
  close(): void {
    this.#timer?.cancel();
    this.#rows.clear();
  }

  #startWaking(infoHashHex: string): Awake | undefined {
    const row = this.#rows.get(infoHashHex);
    if (row === undefined) return undefined;
    const awake: Awake = {
      ready: this.#load(infoHashHex, this.#rowOf(row)),
      idleSinceMs: this.#options.clock.now(),
    };
    this.#awake.set(infoHashHex, awake);
    awake.ready.then((torrent) => {
      awake.torrent = torrent;
      // WebTorrent closes a torrent by itself if reading its archive fails.
      torrent.once("close", () => this.#forget(infoHashHex, awake));
    }, () => this.#forget(infoHashHex, awake));
    this.#timer ??= every(this.#options.clock, CHECK_MS, () => this.#sleepIdle());
    this.#sleepIfTooMany();
    return awake;
  }

  #obfuscated(): CompactMap {
    const made = new CompactMap();
    for (const infoHashHex of this.#rows.keys()) {
      made.set(keyOf(obfuscatedInfoHash(infoHashHex)), infoHashHex);
    }
    return made;
  }

  #rowOf(text: string): Row {
    return rowOf(text, this.#directory!);
  }

  /** @throws if the file cannot be read */
  #torrentOf(infoHashHex: string, { filePath }: Row): Uint8Array {
    const from = this.#torrents.get(infoHashHex) ?? torrentBeside(filePath);
    return typeof from === "string" ? readTorrentFile(from) : from;
  }

  async #load(infoHashHex: string, row: Row): Promise<Torrent> {
    checkUnchanged(row);
    const torrent = this.#options.add(this.#torrentOf(infoHashHex, row), row.filePath);
    await waitForEvent(torrent, "ready");
    if (torrent.infoHash === infoHashHex) return torrent;
    const problem = new Error(`its infohash is ${torrent.infoHash}`);
    await destroyTorrent(torrent);
    throw problem;
  }

  /** Puts all torrents to sleep that have reached the idle timeout. */
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

  /**
   * Forgets a torrent that has ended, and adds its transferred bytes to the totals of its archive.
   */
  #forget(infoHashHex: string, awake: Awake): void {
    if (this.#awake.get(infoHashHex) !== awake) return;
    this.#awake.delete(infoHashHex);
    if (this.#rows.has(infoHashHex) && awake.torrent) {
      const { uploadedBytes = 0, downloadedBytes = 0 } = this.#transferred.get(infoHashHex) ?? {};
      this.#transferred.set(infoHashHex, {
        uploadedBytes: uploadedBytes + awake.torrent.uploaded,
        downloadedBytes: downloadedBytes + awake.torrent.received,
      });
    }
    if (this.#awake.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** The first 12 hexadecimal digits, which are enough to find one of 100,000. */
function keyOf(hashHex: string): string {
  return hashHex.slice(0, 12);
}

function rowOf(text: string, directory: string): Row {
  const [lengthBytes, modifiedMs] = text.split(" ", 2) as [string, string];
  return {
    lengthBytes: Number(lengthBytes),
    ...(modifiedMs !== "" && { modifiedMs: Number(modifiedMs) }),
    filePath: resolve(directory, text.slice(lengthBytes.length + modifiedMs.length + 2)),
  };
}

/** @throws if the file of an archive that was verified at an earlier start has changed since */
function checkUnchanged({ filePath, lengthBytes, modifiedMs }: Row): void {
  if (modifiedMs === undefined) return;
  const { size, mtime } = Deno.lstatSync(filePath);
  if (size === lengthBytes && mtime?.getTime() === modifiedMs) return;
  throw new Error("its archive has changed since it was verified");
}
