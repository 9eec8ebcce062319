/**
 * Reads the list of a publisher's packages from its announce record, or from the catalog that the record
 * names. A publisher of many packages replaces record and catalog every few seconds, and the superseded
 * catalog may have no seeder left. Therefore the record is looked up again during the catalog's download.
 *
 * @module
 */

import { delay, type FlagsByName, toHex } from "../base/mod.ts";
import type { Catalog } from "../package/mod.ts";
import { decodeAnnounceRecord, type MutableItem } from "../records/mod.ts";
import { type CatalogContext, fetchCatalog } from "./fetch_catalog.ts";
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
  & ({ packages: OfferedVersions; catalog?: undefined } | {
    packages?: undefined;
    catalog: Catalog;
  });

/** Time from the start of a catalog's download to the first repeated lookup of the record (ms). */
const FIRST_PAUSE_MS = 4_000;
/** Maximum pause between repeated lookups (ms). Each pause is twice as long as the pause before. */
const LONGEST_PAUSE_MS = 15_000;
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
 * @throws {FetchingError} `CATALOG_UNREACHABLE` (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 */
export async function readList(
  context: CatalogContext,
  publicKey: Uint8Array,
  item: MutableItem,
): Promise<PublisherList> {
  const race = new CatalogRace(context, publicKey);
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
  readonly #ended = new AbortController();
  readonly #outcome = Promise.withResolvers<PublisherList>();
  readonly #work: Promise<void>[] = [];
  /**
   * Infohashes (hex) of the catalogs whose downloads were started, including downloads that have ended.
   */
  readonly #begun = new Set<string>();
  #running = 0;
  #newest: MutableItem | undefined;

  constructor(context: CatalogContext, publicKey: Uint8Array) {
    this.#context = context;
    this.#publicKey = publicKey;
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
    const { packages, flags, catalogHasFlags, catalogInfoHash, webSeeds } = decodeAnnounceRecord(
      item.value,
    );
    if (packages && !catalogHasFlags) {
      return this.#outcome.resolve({ item, packages, flags: flags ?? new Map() });
    }
    if (this.#begun.has(toHex(catalogInfoHash!))) return;
    this.#begun.add(toHex(catalogInfoHash!));
    this.#running++;
    this.#work.push(this.#fetch(item, catalogInfoHash!, webSeeds));
  }

  async #fetch(
    item: MutableItem,
    catalogInfoHash: Uint8Array,
    webSeeds?: readonly string[],
  ): Promise<void> {
    const context = { ...this.#context, signal: this.#signal };
    try {
      const catalog = await fetchCatalog(context, this.#publicKey, catalogInfoHash, webSeeds);
      const { flags, catalogHasFlags } = decodeAnnounceRecord(item.value);
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
