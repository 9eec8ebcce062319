/**
 * Seeds the catalogs of a seed directory, and for an hour those that later ones have superseded: a
 * reader that has just looked the announce record up, or met a node that shows the one before, still
 * wants them.
 *
 * Each catalog is seeded from a second name with its infohash, `catalog-KEY~INFOHASH.jsonl`: a hard link
 * to the file, which stays what it is when a later catalog takes the first name. What is superseded has
 * the time of that as its time of change, so that a daemon that starts again goes on from there.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { basename, join } from "node:path";
import { type Clock, delay, type Timer, toHex } from "../../base/mod.ts";
import {
  currentCatalogName,
  isCatalogName,
  isKeptCatalogName,
  keptCatalogName,
} from "../../fetching/mod.ts";
import { type ArchiveDescription, describeArchive } from "../../package/mod.ts";
import { HostError } from "../errors.ts";
import type { CatalogSeeder } from "./seeder.ts";

/** Options of {@linkcode SeededCatalogs}. */
export interface SeededCatalogsOptions {
  /** Absolute, without links. */
  seedDirectory: string;
  seeder: CatalogSeeder;
  clock: Clock;
  onWarning: (message: string) => void;
}

/** How long a catalog is seeded after a later one has superseded it, milliseconds. */
export const SUPERSEDED_MS = 3_600_000;
/** How many superseded catalogs are seeded: a batch of packages makes one every few seconds. */
export const MAX_SUPERSEDED = 64;
/** How many bytes they may have together. */
export const MAX_SUPERSEDED_BYTES: number = 256 << 20;
/** How long `add` waits for the announcement of a catalog, milliseconds: nodes that are gone take long. */
export const ANNOUNCED_WITHIN_MS = 20_000;

/** A catalog that is seeded. */
interface SeededCatalog {
  infoHashHex: string;
  /** Its name with the infohash. */
  path: string;
  lengthBytes: number;
  /** Resolves when it was announced because of `add`; absent if nobody asked for that. */
  announced?: Promise<void>;
}

/** One that a later one has superseded. */
interface SupersededCatalog extends SeededCatalog {
  /** Unix milliseconds. */
  sinceMs: number;
}

/** The catalogs that one daemon seeds. */
export class SeededCatalogs {
  readonly #options: SeededCatalogsOptions;
  /** By file name. */
  readonly #current = new Map<string, SeededCatalog>();
  /** Those superseded first at the beginning. */
  #superseded: SupersededCatalog[] = [];
  /** One change at a time. */
  #last: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;

  constructor(options: SeededCatalogsOptions) {
    this.#options = options;
  }

  /**
   * Seeds a catalog as it lies there now. An earlier one of that name is seeded for an hour.
   *
   * @param fileName in the seed directory
   * @param options `announce` to wait until the DHT knows who seeds it, or {@linkcode ANNOUNCED_WITHIN_MS}
   * have passed: a publisher's next record names it
   * @throws {PackageError} `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`; errors of the file system
   * @throws {HostError} `HOST_STOPPING` after `stop()`
   */
  async add(fileName: string, { announce = false } = {}): Promise<void> {
    // Not due by the schedule: an announcement that has begun there would wait for dht-rate.
    const dueMs = announce ? Infinity : undefined;
    const catalog = await this.#inTurn(() => this.#add(basename(fileName), dueMs));
    if (announce) await (catalog.announced ??= this.#announce(catalog));
  }

  /**
   * Seeds what lies in the seed directory from before: the catalogs, and those superseded within the
   * last hour. What cannot be seeded is warned of.
   *
   * @param names of files; others are passed over
   */
  async addAll(names: readonly string[]): Promise<void> {
    const catalogs = names.filter(isCatalogName);
    await this.#inTurn(async () => {
      for (const name of catalogs.filter((name) => !isKeptCatalogName(name))) {
        await this.#warned(name, () => this.#add(name));
      }
      const current = new Set([...this.#current.values()].map(({ path }) => basename(path)));
      for (const name of catalogs.filter((name) => isKeptCatalogName(name) && !current.has(name))) {
        await this.#warned(name, () => this.#goOn(name));
      }
      this.#superseded.sort((a, b) => a.sinceMs - b.sinceMs);
      await this.#tidy();
    });
  }

  /** Ends the timer, and what is under way. What is seeded stays so, and the files stay. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#last;
    this.#timer?.cancel();
  }

  /** Has the DHT know who seeds a catalog. */
  async #announce({ infoHashHex }: SeededCatalog): Promise<void> {
    const { clock, seeder } = this.#options;
    const done = new AbortController();
    const ended = AbortSignal.any([done.signal, this.#stopped.signal]);
    // One that fails is announced again on schedule.
    const announced = seeder.announce(infoHashHex).catch(() => {});
    await Promise.race([announced, delay(clock, ANNOUNCED_WITHIN_MS, ended).catch(() => {})]);
    done.abort();
  }

  async #add(fileName: string, announceDueMs?: number): Promise<SeededCatalog> {
    const { seedDirectory, seeder, clock } = this.#options;
    const { signal } = this.#stopped;
    const path = join(seedDirectory, fileName);
    // Linked first: a later catalog may take the name while this one is hashed.
    const temporary = join(seedDirectory, `.tmp-${randomUUID()}`);
    let described: ArchiveDescription;
    let kept: string;
    try {
      await Deno.link(path, temporary).catch(() => Deno.copyFile(path, temporary));
      described = await describeArchive(temporary, { name: fileName, signal });
      kept = join(seedDirectory, keptCatalogName(fileName, toHex(described.infoHash)));
      await Deno.rename(temporary, kept);
    } finally {
      // Where both names are of one file, renaming leaves both.
      await Deno.remove(temporary).catch(() => {});
    }
    const { infoHash, lengthBytes, torrent } = described;
    const infoHashHex = toHex(infoHash);
    const before = this.#current.get(fileName);
    if (before?.infoHashHex === infoHashHex) return before;
    this.#superseded = this.#superseded.filter((one) => one.infoHashHex !== infoHashHex);
    await seeder.seed([{ infoHashHex, torrent, filePath: kept, lengthBytes }], announceDueMs);
    const catalog: SeededCatalog = { infoHashHex, path: kept, lengthBytes };
    this.#current.set(fileName, catalog);
    if (before) {
      const sinceMs = clock.now();
      const since = new Date(sinceMs);
      await Deno.utime(before.path, since, since).catch(() => {});
      this.#superseded.push({ ...before, sinceMs });
    }
    await this.#tidy();
    return catalog;
  }

  /** Goes on with one that was superseded before the daemon started. */
  async #goOn(name: string): Promise<void> {
    const { seedDirectory, seeder, clock } = this.#options;
    const path = join(seedDirectory, name);
    const { mtime } = await Deno.lstat(path);
    const sinceMs = Math.min(mtime?.getTime() ?? 0, clock.now());
    if (sinceMs + SUPERSEDED_MS <= clock.now()) return await Deno.remove(path);
    const fileName = currentCatalogName(name);
    const { torrent, infoHash, lengthBytes } = await describeArchive(path, {
      name: fileName,
      signal: this.#stopped.signal,
    });
    const infoHashHex = toHex(infoHash);
    if (keptCatalogName(fileName, infoHashHex) !== name) return await Deno.remove(path);
    await seeder.seed([{ infoHashHex, torrent, filePath: path, lengthBytes }]);
    this.#superseded.push({ infoHashHex, path, lengthBytes, sinceMs });
  }

  /** Seeds no more what is superseded for an hour, or is too much; the rest is looked at when it is due. */
  async #tidy(): Promise<void> {
    const { clock, seeder } = this.#options;
    const nowMs = clock.now();
    let bytes = 0;
    const kept: SupersededCatalog[] = [];
    for (const one of this.#superseded.toReversed()) {
      bytes += one.lengthBytes;
      const isIn = kept.length < MAX_SUPERSEDED && bytes <= MAX_SUPERSEDED_BYTES &&
        one.sinceMs + SUPERSEDED_MS > nowMs;
      if (isIn) {
        kept.unshift(one);
        continue;
      }
      await seeder.unseed(one.infoHashHex);
      await Deno.remove(one.path).catch(() => {});
    }
    this.#superseded = kept;
    this.#timer?.cancel();
    const [first] = kept;
    if (!first) return;
    this.#timer = clock.after(first.sinceMs + SUPERSEDED_MS - nowMs, () => {
      void this.#inTurn(() => this.#warned("a superseded catalog", () => this.#tidy()));
    });
  }

  async #warned(what: string, work: () => Promise<unknown>): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#options.onWarning(`${what} is not seeded: ${(error as Error).message}`);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(() => {
      if (!this.#stopped.signal.aborted) return work();
      throw new HostError("failed", "HOST_STOPPING", "The engine is being stopped");
    });
    this.#last = mine.then(() => {}, () => {});
    return mine;
  }
}
