/**
 * What a publisher offers, as its announce record lists it: the versions themselves, or the catalog
 * that it names. A publisher that is publishing a batch replaces record and catalog every few seconds;
 * so while a catalog cannot be fetched, the record is looked up again.
 *
 * @module
 */

import { delay, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import type { Catalog } from "../package/mod.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  type MutableItem,
  verifyItem,
} from "../records/mod.ts";
import { type CatalogContext, fetchCatalog, versionsByName } from "./catalogs.ts";
import { findItem, type FindOptions } from "./find_item.ts";
import { isNetworkError } from "./newest_item.ts";

/** Versions by name: all that a publisher offers. */
export type Offer = ReadonlyMap<string, readonly string[]>;

/** A publisher's list, as one of its records has it. */
export type PublisherList =
  & { item: MutableItem }
  & ({ packages: Offer; catalog?: undefined } | { packages?: undefined; catalog: Catalog });

/** When the record is looked up again for the first time while its catalog is fetched, milliseconds. */
const LOOK_AGAIN_MS = 4_000;
/** Each pause is twice the one before, up to this, milliseconds. */
const LONGEST_PAUSE_MS = 15_000;
/** How many catalogs of one publisher are fetched: a publisher could put new records for ever. */
const MAX_RECORDS = 5;

/**
 * What publishers offer, read once for a whole command: ten packages of one publisher need its list
 * once. Not for anything that goes on for longer, for a list changes.
 */
export class Offers {
  readonly #read = new Map<string, Promise<Offer>>();

  /** What a publisher offers. Throws what `read` throws; what failed is read again the next time. */
  of(publicKey: Uint8Array, read: () => Promise<Offer>): Promise<Offer> {
    const keyHex = toHex(publicKey);
    let offer = this.#read.get(keyHex);
    if (!offer) {
      offer = read();
      this.#read.set(keyHex, offer);
      offer.catch(() => this.#read.delete(keyHex));
    }
    return offer;
  }
}

/**
 * Reads what a publisher offers.
 *
 * @param publicKey the publisher's, 32 bytes
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`,
 * `CATALOG_UNREACHABLE` (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 */
export async function readOffer(
  operations: Operations,
  publicKey: Uint8Array,
  options: FindOptions,
): Promise<Offer> {
  const key = { publicKey, salt: announceSalt(publicKey) };
  const what = `what ${formatPublicKey(publicKey)} publishes`;
  const { item } = await findItem(operations, key, what, options);
  const { packages } = decodeAnnounceRecord(item.value);
  if (packages) return packages;
  const { seedDirectory } = await operations.status();
  const context = { ...options, operations, seedDirectory };
  const list = await readList(context, publicKey, item);
  return list.packages ?? versionsByName(list.catalog.manifests);
}

/**
 * The list that a record has. While its catalog does not come, the record is looked up again, and the
 * catalogs of later records are fetched beside it: the first that is there counts.
 *
 * @param item the publisher's announce record, verified
 * @throws what {@linkcode readOffer} throws but `RECORD_NOT_FOUND`
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

/** Fetches the catalogs of one publisher's records until one of them is here. */
class CatalogRace {
  readonly #context: CatalogContext;
  readonly #publicKey: Uint8Array;
  readonly #ended = new AbortController();
  readonly #outcome = Promise.withResolvers<PublisherList>();
  readonly #work: Promise<void>[] = [];
  /** Infohashes of the catalogs that are fetched or were. */
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

  /** Ends what is under way. */
  async end(): Promise<void> {
    this.#ended.abort();
    // A fetch that one of them begins is waited for too.
    for (const work of this.#work) await work;
  }

  /** Aborts when the caller's signal does, and at the end. */
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
      // One that came and is no good is the publisher's doing; a later record would not excuse it.
      if (isNetworkError(error)) await this.#look().catch(() => {});
      if (--this.#running === 0) this.#outcome.reject(error);
    }
  }

  async #watch(): Promise<void> {
    const { clock } = this.#context;
    for (let pauseMs = LOOK_AGAIN_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await delay(clock, pauseMs, this.#signal);
      await this.#look();
    }
  }

  /** Looks the record up again, and begins with its catalog if it is a later one. */
  async #look(): Promise<void> {
    if (this.#ended.signal.aborted || this.#begun.size >= MAX_RECORDS) return;
    const { publicKey, salt } = this.#newest!;
    const { operations } = this.#context;
    const key = { publicKey, salt };
    const found = await operations.lookUp(key, { signal: this.#signal }).catch((error) => {
      // The network may be there again the next time.
      if (isNetworkError(error)) return undefined;
      throw error;
    });
    const item = found?.item;
    if (this.#ended.signal.aborted || !item || item.seq <= this.#newest!.seq) return;
    if (verifyItem(item)) this.#begin(item);
  }
}
