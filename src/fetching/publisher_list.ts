/**
 * The list of a publisher's packages, from its announce record or the catalog that the record names. A
 * publisher of a batch replaces record and catalog every few seconds, and nobody may seed the older
 * catalog any more. So the record is looked up again while its catalog downloads.
 *
 * @module
 */

import { delay, toHex } from "../base/mod.ts";
import type { Catalog } from "../package/mod.ts";
import { decodeAnnounceRecord, type MutableItem } from "../records/mod.ts";
import { type CatalogContext, fetchCatalog } from "./fetch_catalog.ts";
import { isNetworkError } from "./newest_record.ts";
import { lookUpRecord } from "./record_lookup.ts";

/** Versions that a publisher offers, by package name. */
export type Offer = ReadonlyMap<string, readonly string[]>;

/** A publisher's list, with the announce record that has it: in the record itself or in a catalog. */
export type PublisherList =
  & { item: MutableItem }
  & ({ packages: Offer; catalog?: undefined } | { packages?: undefined; catalog: Catalog });

/** Pause before the first repeated lookup during a catalog's download (ms). */
const FIRST_PAUSE_MS = 4_000;
/** Longest pause between repeated lookups (ms); each is twice the one before. */
const LONGEST_PAUSE_MS = 15_000;
/** Most catalogs fetched for one list, since a hostile publisher could put new records endlessly. */
const MAX_CATALOGS = 5;

/**
 * Reads the list of an announce record. If a newer record appears during the download of its catalog, the
 * newer catalog downloads in parallel, and the first complete one counts.
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

/** Parallel downloads of one publisher's catalogs, of which the first complete one wins. */
class CatalogRace {
  readonly #context: CatalogContext;
  readonly #publicKey: Uint8Array;
  readonly #ended = new AbortController();
  readonly #outcome = Promise.withResolvers<PublisherList>();
  readonly #work: Promise<void>[] = [];
  /** Infohashes of the catalogs whose download has begun, ended ones included. */
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

  /** Aborts every download and lookup, and waits for their end. */
  async end(): Promise<void> {
    this.#ended.abort();
    // The loop also waits for a download that another one appends meanwhile.
    for (const work of this.#work) await work;
  }

  /** Aborts with the caller's signal, and at the end of the race. */
  get #signal(): AbortSignal {
    const { signal } = this.#context;
    const own = this.#ended.signal;
    return signal ? AbortSignal.any([signal, own]) : own;
  }

  #begin(item: MutableItem): void {
    this.#newest = item;
    const { packages, catalogInfoHash } = decodeAnnounceRecord(item.value);
    if (packages) return this.#outcome.resolve({ item, packages });
    if (this.#begun.has(toHex(catalogInfoHash!))) return;
    this.#begun.add(toHex(catalogInfoHash!));
    this.#running++;
    this.#work.push(this.#fetch(item, catalogInfoHash!));
  }

  async #fetch(item: MutableItem, catalogInfoHash: Uint8Array): Promise<void> {
    const context = { ...this.#context, signal: this.#signal };
    try {
      const catalog = await fetchCatalog(context, this.#publicKey, catalogInfoHash);
      this.#outcome.resolve({ item, catalog });
    } catch (error) {
      // Only an unreachable catalog may have a newer record; an invalid one is the publisher's fault.
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

  /** Looks the record up again, and begins the download of a newer record's catalog. */
  async #lookUpNewer(): Promise<void> {
    if (this.#ended.signal.aborted || this.#begun.size >= MAX_CATALOGS) return;
    const { publicKey, salt } = this.#newest!;
    const key = { publicKey, salt };
    const lookup = await lookUpRecord(this.#context.operations, key, this.#signal).catch(
      (error) => {
        // The next lookup may reach the network again.
        if (isNetworkError(error)) return undefined;
        throw error;
      },
    );
    if (this.#ended.signal.aborted || lookup?.kind !== "found") return;
    if (lookup.item.seq > this.#newest!.seq) this.#begin(lookup.item);
  }
}
