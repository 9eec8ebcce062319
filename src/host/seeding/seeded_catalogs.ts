/**
 * Seeds the catalogs of a seed directory. A superseded catalog is seeded for one more hour, because readers
 * may still need it: they looked up the announce record just before the change, or a DHT node returned an
 * old record.
 *
 * The host seeds a copy of each catalog file, whose name contains the infohash:
 * `catalog-KEY~INFOHASH.jsonl`. The copy preserves the content when a later catalog file takes over the
 * first name. A hard link would do the same without a copy, but files with several names are refused in
 * the seed directory. When a catalog is superseded, the modification time of its file
 * is set to the current time. From this time, a restarted daemon computes how long the catalog still has
 * to be seeded.
 *
 * @module
 */

import { basename, join } from "node:path";
import { type Clock, delay, type Timer, toHex } from "../../base/mod.ts";
import {
  currentCatalogName,
  isCatalogName,
  isKeptCatalogName,
  keptCatalogName,
} from "../../fetching/mod.ts";
import { describeArchive, type TorrentOfBytes, torrentOfBytes } from "../../package/mod.ts";
import { copyToTemporary, renameFile } from "../../store/mod.ts";
import { HostError } from "../errors.ts";
import type { CatalogSeeder } from "./seeder.ts";

/** Options of {@linkcode SeededCatalogs}. */
export interface SeededCatalogsOptions {
  /** Absolute path of the seed directory without symbolic links. */
  seedDirectory: string;
  seeder: CatalogSeeder;
  /** Returns the infohashes (hex) of catalogs that readers of this home's own records ask for. */
  records: { namedCatalogs(): ReadonlySet<string> };
  clock: Clock;
  onWarning: (message: string) => void;
}

/** Time for which a superseded catalog continues to be seeded (ms). */
export const SUPERSEDED_MS = 3_600_000;
/**
 * Maximum number of superseded catalogs and indexes of catalogs: 64 of each. Publishing many packages
 * supersedes both every few seconds.
 */
export const MAX_SUPERSEDED = 128;
/** Maximum total size of superseded catalogs, bytes. */
const MAX_SUPERSEDED_BYTES: number = 256 << 20;
/** Time limit for announcing a catalog within `add` (ms). DHT nodes that do not answer cause timeouts. */
export const ANNOUNCED_WITHIN_MS = 20_000;

/** A catalog that the host seeds, current or superseded. */
interface SeededCatalog {
  infoHashHex: string;
  /** Path of the copy with the infohash in its name. */
  path: string;
  lengthBytes: number;
  /** Resolves when `add` has announced the catalog. Absent if no caller requested an announcement. */
  announced?: Promise<void>;
}

/** A catalog that was superseded by a later catalog with the same file name. */
interface SupersededCatalog extends SeededCatalog {
  /** Time at which the catalog was superseded, Unix milliseconds. */
  sinceMs: number;
}

/** The current and superseded catalogs that one host seeds. */
export class SeededCatalogs {
  readonly #options: SeededCatalogsOptions;
  /** The current catalog of each publisher, by the file name `catalog-KEY.jsonl`. */
  readonly #current = new Map<string, SeededCatalog>();
  /** Superseded catalogs, in the order in which they were superseded. */
  #superseded: SupersededCatalog[] = [];
  /**
   * Resolves when the last change in the queue has ended. The queue runs additions and deletions of
   * catalogs one after the other.
   */
  #last: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;

  constructor(options: SeededCatalogsOptions) {
    this.#options = options;
  }

  /**
   * Seeds the current content of a catalog file. An earlier catalog with the same file name becomes
   * superseded.
   *
   * @param fileName name of the catalog file in the seed directory
   * @param options with `announce`, waits up to {@linkcode ANNOUNCED_WITHIN_MS} until the catalog is
   * announced, since the caller is about to publish a record that names the catalog
   * @throws {PackageError} `ARCHIVE_UNREADABLE`; {@linkcode StoreError} of reading and copying the file
   * @throws {HostError} `HOST_STOPPING` after `stop()`
   */
  async add(fileName: string, { announce = false } = {}): Promise<void> {
    // The due time `Infinity` keeps the schedule from announcing the catalog, since announcements of the
    // schedule wait for the packet budget (`dht-rate`). The announcement below does not wait.
    const dueMs = announce ? Infinity : undefined;
    const catalog = await this.#inTurn(() => this.#add(basename(fileName), dueMs));
    if (announce) await (catalog.announced ??= this.#announce(catalog));
  }

  /**
   * Seeds the catalogs that are in the seed directory at the start, and catalogs that were superseded
   * within the last hour, or that a record of this home still names: a process may have ended before the record of
   * the next one was put. If a catalog cannot be seeded, emits a warning.
   *
   * @param names all file names in the seed directory; files other than catalogs are ignored
   */
  async addAll(names: readonly string[]): Promise<void> {
    const catalogs = names.filter(isCatalogName);
    await this.#inTurn(async () => {
      await this.#separateNames(catalogs);
      for (const name of catalogs.filter((name) => !isKeptCatalogName(name))) {
        await this.#warned(name, () => this.#add(name));
      }
      const current = new Set([...this.#current.values()].map(({ path }) => basename(path)));
      const named = this.#options.records.namedCatalogs();
      for (const name of catalogs.filter((name) => isKeptCatalogName(name) && !current.has(name))) {
        await this.#warned(name, () => this.#goOn(name, named));
      }
      this.#superseded.sort((a, b) => a.sinceMs - b.sinceMs);
      await this.#tidy();
    });
  }

  /**
   * Removes the seeded name of each catalog that an earlier version of libreseed made as a hard link of
   * the catalog file. The file itself stays under its first name, and `#add` copies it.
   */
  async #separateNames(catalogs: readonly string[]): Promise<void> {
    const { seedDirectory } = this.#options;
    for (const name of catalogs.filter(isKeptCatalogName)) {
      const path = join(seedDirectory, name);
      const [kept, current] = await Promise.all(
        [path, join(seedDirectory, currentCatalogName(name))]
          .map((one) => Deno.lstat(one).catch(() => undefined)),
      );
      const isSame = kept?.isFile && kept.ino === current?.ino && kept.dev === current?.dev;
      if (isSame) await this.#warned(name, () => Deno.remove(path));
    }
  }

  /** Returns the path of a catalog that is seeded, by its infohash; `undefined` for another one. */
  pathOf(infoHashHex: string): string | undefined {
    return [...this.#current.values(), ...this.#superseded]
      .find((one) => one.infoHashHex === infoHashHex)?.path;
  }

  /** Stops the timer and the queue of changes. Catalogs stay seeded, and their files are kept. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#last;
    this.#timer?.cancel();
  }

  /**
   * Announces a catalog in the DHT. Returns after a time limit, even if the announcement is still running.
   */
  async #announce({ infoHashHex }: SeededCatalog): Promise<void> {
    const { clock, seeder } = this.#options;
    const done = new AbortController();
    const ended = AbortSignal.any([done.signal, this.#stopped.signal]);
    // Errors are ignored, because the schedule repeats failed announcements.
    const announced = seeder.announce(infoHashHex).catch(() => {});
    await Promise.race([announced, delay(clock, ANNOUNCED_WITHIN_MS, ended).catch(() => {})]);
    done.abort();
  }

  async #add(fileName: string, announceDueMs?: number): Promise<SeededCatalog> {
    const { seedDirectory, seeder, clock } = this.#options;
    const { signal } = this.#stopped;
    const path = join(seedDirectory, fileName);
    let described: Described;
    let kept: string;
    {
      // The copy is made before hashing, because a later catalog may replace the catalog file during the
      // hashing.
      using temporary = await copyToTemporary(path, path, signal);
      try {
        described = await describe(temporary.path, fileName, signal);
        kept = join(seedDirectory, keptCatalogName(fileName, toHex(described.infoHash)));
        await renameFile(temporary.path, kept);
      } catch (error) {
        await Deno.remove(temporary.path).catch(() => {});
        throw error;
      }
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

  /**
   * Seeds a catalog that was superseded in an earlier run of the host, until one hour after it was
   * superseded.
   */
  async #goOn(name: string, named: ReadonlySet<string>): Promise<void> {
    const { seedDirectory, seeder, clock } = this.#options;
    const path = join(seedDirectory, name);
    const { mtime } = await Deno.lstat(path);
    const sinceMs = Math.min(mtime?.getTime() ?? 0, clock.now());
    const isNamed = [...named].some((one) => name.includes(`~${one}.`));
    if (!isNamed && sinceMs + SUPERSEDED_MS <= clock.now()) return await Deno.remove(path);
    const fileName = currentCatalogName(name);
    const { torrent, infoHash, lengthBytes } = await describe(path, fileName, this.#stopped.signal);
    const infoHashHex = toHex(infoHash);
    if (keptCatalogName(fileName, infoHashHex) !== name) return await Deno.remove(path);
    await seeder.seed([{ infoHashHex, torrent, filePath: path, lengthBytes }]);
    this.#superseded.push({ infoHashHex, path, lengthBytes, sinceMs });
  }

  /**
   * Deletes superseded catalogs that are too old or exceed the limits. Sets the timer for the next
   * deletion.
   */
  async #tidy(): Promise<void> {
    const { clock, seeder } = this.#options;
    const nowMs = clock.now();
    const named = this.#options.records.namedCatalogs();
    let bytes = 0;
    const kept: SupersededCatalog[] = [];
    for (const one of this.#superseded.toReversed()) {
      bytes += one.lengthBytes;
      const isIn = named.has(one.infoHashHex) ||
        kept.length < MAX_SUPERSEDED && bytes <= MAX_SUPERSEDED_BYTES &&
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
    if (kept.length === 0) return;
    const [first] = kept.filter((one) => one.sinceMs + SUPERSEDED_MS > nowMs);
    // Catalogs that are older stay because a record names them; whether it still does is looked at hourly.
    this.#timer = clock.after((first?.sinceMs ?? nowMs) + SUPERSEDED_MS - nowMs, () => {
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

type Described = Pick<TorrentOfBytes, "infoHash" | "lengthBytes" | "torrent">;

/** Makes the torrent of a catalog. An index is short, and its pieces too, so it is read at once. */
async function describe(path: string, fileName: string, signal: AbortSignal): Promise<Described> {
  if (!fileName.startsWith("index-")) {
    return await describeArchive(path, { name: fileName, signal });
  }
  return torrentOfBytes(fileName, await Deno.readFile(path, { signal }));
}
