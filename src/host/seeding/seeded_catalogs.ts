/**
 * Seeds the catalogs of a seed directory, and superseded catalogs for one more hour: a reader may just
 * have looked up the announce record, or got an older one from a node, and still needs that catalog.
 *
 * Each catalog is seeded under a second name with its infohash, `catalog-KEY~INFOHASH.jsonl`, a hard link
 * that keeps the content when a later catalog takes the first name. A superseded catalog's modification
 * time is the time at which it was superseded, so that a restarted daemon knows how long to seed it.
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
  /** Absolute path without links. */
  seedDirectory: string;
  seeder: CatalogSeeder;
  clock: Clock;
  onWarning: (message: string) => void;
}

/** Time for which a superseded catalog is still seeded (ms). */
export const SUPERSEDED_MS = 3_600_000;
/** Maximum number of superseded catalogs; publishing a batch supersedes one every few seconds. */
export const MAX_SUPERSEDED = 64;
/** Maximum total size of superseded catalogs, bytes. */
export const MAX_SUPERSEDED_BYTES: number = 256 << 20;
/** Time limit of `add` for announcing a catalog (ms); nodes that are gone cost timeouts. */
export const ANNOUNCED_WITHIN_MS = 20_000;

/** A catalog that is seeded. */
interface SeededCatalog {
  infoHashHex: string;
  /** Path of the name with the infohash. */
  path: string;
  lengthBytes: number;
  /** Resolves when `add` has announced the catalog; absent if no caller asked for that. */
  announced?: Promise<void>;
}

/** A catalog that a later one has superseded. */
interface SupersededCatalog extends SeededCatalog {
  /** Time at which the catalog was superseded, Unix milliseconds. */
  sinceMs: number;
}

/** The catalogs that one host seeds. */
export class SeededCatalogs {
  readonly #options: SeededCatalogsOptions;
  /** Current catalogs by file name. */
  readonly #current = new Map<string, SeededCatalog>();
  /** Superseded catalogs, oldest first. */
  #superseded: SupersededCatalog[] = [];
  /** The last change. Changes run one after the other. */
  #last: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;

  constructor(options: SeededCatalogsOptions) {
    this.#options = options;
  }

  /**
   * Seeds the present content of a catalog. An earlier catalog of that name becomes superseded.
   *
   * @param fileName name in the seed directory
   * @param options with `announce`, waits until the catalog is announced, at most
   * {@linkcode ANNOUNCED_WITHIN_MS}: the publisher's next record will name the catalog
   * @throws {PackageError} `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`; errors of the file system
   * @throws {HostError} `HOST_STOPPING` after `stop()`
   */
  async add(fileName: string, { announce = false } = {}): Promise<void> {
    // The schedule must not begin this announcement, which would then wait for `dht-rate`.
    const dueMs = announce ? Infinity : undefined;
    const catalog = await this.#inTurn(() => this.#add(basename(fileName), dueMs));
    if (announce) await (catalog.announced ??= this.#announce(catalog));
  }

  /**
   * Seeds the catalogs that lie in the seed directory at the start, and those superseded within the last
   * hour. A catalog that cannot be seeded is a warning.
   *
   * @param names file names; names of other files are ignored
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

  /** Stops the timer and running changes. Seeded catalogs and their files stay. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#last;
    this.#timer?.cancel();
  }

  /** Announces a catalog to the DHT, within a time limit. */
  async #announce({ infoHashHex }: SeededCatalog): Promise<void> {
    const { clock, seeder } = this.#options;
    const done = new AbortController();
    const ended = AbortSignal.any([done.signal, this.#stopped.signal]);
    // The schedule repeats a failed announcement.
    const announced = seeder.announce(infoHashHex).catch(() => {});
    await Promise.race([announced, delay(clock, ANNOUNCED_WITHIN_MS, ended).catch(() => {})]);
    done.abort();
  }

  async #add(fileName: string, announceDueMs?: number): Promise<SeededCatalog> {
    const { seedDirectory, seeder, clock } = this.#options;
    const { signal } = this.#stopped;
    const path = join(seedDirectory, fileName);
    // Linked before hashing, because a later catalog may take the name meanwhile.
    const temporary = join(seedDirectory, `.tmp-${randomUUID()}`);
    let described: ArchiveDescription;
    let kept: string;
    try {
      await Deno.link(path, temporary).catch(() => Deno.copyFile(path, temporary));
      described = await describeArchive(temporary, { name: fileName, signal });
      kept = join(seedDirectory, keptCatalogName(fileName, toHex(described.infoHash)));
      await Deno.rename(temporary, kept);
    } finally {
      // If both names are links to one file, `rename` leaves both in place.
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

  /** Seeds a catalog that was superseded before this start, until its hour is over. */
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

  /** Removes superseded catalogs that are too old or too many, and sets the timer for the next one. */
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
      throw new HostError("failed", "HOST_STOPPING", "The host is stopping");
    });
    this.#last = mine.then(() => {}, () => {});
    return mine;
  }
}
