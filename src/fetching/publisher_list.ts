/**
 * Reads the list of a publisher's packages from its announce record, or from the catalog that the record
 * names. A publisher of many packages replaces record and catalog every few seconds, and the superseded
 * catalog may have no seeder left. Therefore the record is looked up again during the catalog's download.
 *
 * @module
 */

import { delay, type FlagsByName, LibreseedError, toHex } from "../base/mod.ts";
import type { Catalog } from "../package/mod.ts";
import { type AnnounceRecord, decodeAnnounceRecord, type MutableItem } from "../records/mod.ts";
import { CatalogIndex } from "./catalog_index.ts";
import type { CatalogContext } from "./catalog_files.ts";
import { type CatalogRecord, fetchCatalog } from "./fetch_catalog.ts";
import { isNetworkError } from "./newest_record.ts";
import { lookUpRecord } from "./record_lookup.ts";

/** Versions of packages that a publisher offers, by package name. */
export type OfferedVersions = ReadonlyMap<string, readonly string[]>;

/** A publisher's list of packages, and the announce record that contains the list or names its catalog. */
export type PublisherList =
  & {
    item: MutableItem;
    /** Flags of the packages, by package name. Packages without flags are absent. */
    flags: FlagsByName;
  }
  & (
    | { packages: OfferedVersions; catalog?: undefined; index?: undefined }
    | { packages?: undefined; catalog: Catalog; index?: undefined }
    /** Versions of the wanted package alone, read from the index of the catalog. */
    | { packages: OfferedVersions; catalog?: undefined; index: CatalogIndex }
  );

/** Time from the start of a catalog's download to the first repeated lookup of the record (ms). */
const FIRST_PAUSE_MS = 4_000;
/** Maximum pause between repeated lookups (ms). Each pause is twice as long as the pause before. */
const LONGEST_PAUSE_MS = 15_000;
/**
 * Time that a reader of one package gives the index of the catalog, before it downloads the whole
 * catalog as well (ms). Programs of earlier versions seed the catalog and no index.
 */
const INDEX_ALONE_MS = 8_000;
/**
 * Maximum number of catalogs fetched for one list, since a hostile publisher could put new records
 * endlessly.
 */
const MAX_CATALOGS = 5;

/**
 * Reads the list that an announce record contains or names. If a newer record appears during the download
 * of the catalog, the newer catalog is downloaded in parallel, and the first complete catalog is used.
 *
 * @param item the publisher's announce record, verified
 * @param name the package that is wanted; then only a part of a catalog with an index is read. If absent,
 * the whole list
 * @throws {FetchingError} `CATALOG_UNREACHABLE` (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 */
export async function readList(
  context: CatalogContext,
  publicKey: Uint8Array,
  item: MutableItem,
  name?: string,
): Promise<PublisherList> {
  const race = new CatalogRace(context, publicKey, name);
  try {
    return await race.run(item);
  } catch (error) {
    context.signal?.throwIfAborted();
    throw error;
  } finally {
    await race.end();
  }
}

/** Race between downloads of several catalogs of one publisher. The first complete catalog wins. */
class CatalogRace {
  readonly #context: CatalogContext;
  readonly #publicKey: Uint8Array;
  readonly #name: string | undefined;
  readonly #ended = new AbortController();
  readonly #outcome = Promise.withResolvers<PublisherList>();
  readonly #work: Promise<void>[] = [];
  /**
   * Infohashes (hex) of the catalogs whose downloads were started, including downloads that have ended.
   */
  readonly #begun = new Set<string>();
  #running = 0;
  #newest: MutableItem | undefined;

  constructor(context: CatalogContext, publicKey: Uint8Array, name: string | undefined) {
    this.#context = context;
    this.#publicKey = publicKey;
    this.#name = name;
  }

  run(item: MutableItem): Promise<PublisherList> {
    this.#begin(item);
    this.#work.push(this.#watch().catch(() => {}));
    return this.#outcome.promise;
  }

  /** Aborts all downloads and lookups, and waits until they have ended. */
  async end(): Promise<void> {
    this.#ended.abort();
    // The array can grow during this loop, because a running task may start a further download.
    for (const work of this.#work) await work;
  }

  /** Signal that aborts with the caller's signal and at the end of the race. */
  get #signal(): AbortSignal {
    const { signal } = this.#context;
    const own = this.#ended.signal;
    return signal ? AbortSignal.any([signal, own]) : own;
  }

  #begin(item: MutableItem): void {
    this.#newest = item;
    const record = decodeAnnounceRecord(item.value);
    const { packages, flags, catalogHasFlags, catalogInfoHash } = record;
    if (packages && !catalogHasFlags) {
      return this.#outcome.resolve({ item, packages, flags: flags ?? new Map() });
    }
    if (this.#begun.has(toHex(catalogInfoHash!))) return;
    this.#begun.add(toHex(catalogInfoHash!));
    this.#running++;
    this.#work.push(this.#fetch(item, { ...record, catalogInfoHash: catalogInfoHash! }));
  }

  async #fetch(
    item: MutableItem,
    record: AnnounceRecord & CatalogRecord,
  ): Promise<void> {
    const context = { ...this.#context, signal: this.#signal };
    const { flags, catalogHasFlags } = record;
    try {
      if (await this.#readIndex(item, record)) return;
      const catalog = await fetchCatalog(context, this.#publicKey, record);
      this.#outcome.resolve({
        item,
        catalog,
        flags: catalogHasFlags ? catalog.flags : flags ?? new Map(),
      });
    } catch (error) {
      // If the catalog is unreachable, a newer record may name a reachable catalog. If the catalog is
      // invalid, no newer record is looked up, because the publisher has to correct the catalog.
      if (isNetworkError(error)) await this.#lookUpNewer().catch(() => {});
      if (--this.#running === 0) this.#outcome.reject(error);
    }
  }

  /**
   * Reads one package from the index of a catalog, if the record names an index. Resolves with whether that
   * was done; also when it takes long, so that the whole catalog is fetched side by side.
   */
  async #readIndex(
    item: MutableItem,
    { indexInfoHash, webSeeds, flags, catalogHasFlags }: AnnounceRecord,
  ): Promise<boolean> {
    const name = this.#name;
    if (name === undefined || !indexInfoHash) return false;
    const wanted = { publicKey: this.#publicKey, infoHash: indexInfoHash, webSeeds };
    const read = async () => {
      const index = await CatalogIndex.open(this.#context, wanted, this.#signal);
      const found = await index.packageOf(name, this.#signal);
      this.#outcome.resolve({
        item,
        index,
        packages: new Map(found ? [[name, found.versions]] : []),
        flags: catalogHasFlags ? new Map(found ? [[name, found.flags]] : []) : flags ?? new Map(),
      });
      return true;
    };
    const reading = read().catch((error) => {
      // The whole catalog says the same.
      if (error instanceof LibreseedError || this.#ended.signal.aborted) return false;
      throw error;
    });
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.#signal]);
    const late = delay(this.#context.clock, INDEX_ALONE_MS, signal).then(
      () => false,
      () => reading,
    );
    this.#work.push(reading.then(() => {}, () => {}));
    return await Promise.race([reading, late]).finally(() => ended.abort());
  }

  async #watch(): Promise<void> {
    const { clock } = this.#context;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await delay(clock, pauseMs, this.#signal);
      await this.#lookUpNewer();
    }
  }

  /** Looks the announce record up again. If the record is newer, starts the download of its catalog. */
  async #lookUpNewer(): Promise<void> {
    if (this.#ended.signal.aborted || this.#begun.size >= MAX_CATALOGS) return;
    const { publicKey, salt } = this.#newest!;
    const key = { publicKey, salt };
    const lookup = await lookUpRecord(this.#context.operations, key, this.#signal).catch(
      (error) => {
        // A network error of this lookup is ignored, because the lookup is repeated.
        if (isNetworkError(error)) return undefined;
        throw error;
      },
    );
    if (this.#ended.signal.aborted || lookup?.kind !== "found") return;
    if (lookup.item.seq > this.#newest!.seq) this.#begin(lookup.item);
  }
}
