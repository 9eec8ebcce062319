/**
 * What a publisher offers, as its announce record lists it: the versions themselves, or the catalog
 * that it names. A publisher that is publishing a batch replaces record and catalog every few seconds;
 * so while a catalog cannot be fetched, the record is looked up again.
 *
 * @module
 */

import { delay, equalBytes, LibreseedError, toHex } from "../base/mod.ts";
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
import { itemFromJson, type Operations } from "./operations.ts";

/** Versions by name: all that a publisher offers. */
export type Offer = ReadonlyMap<string, readonly string[]>;

/** A publisher's list, as one of its records has it. */
export type PublisherList =
  & { item: MutableItem }
  & ({ packages: Offer; catalog?: undefined } | { packages?: undefined; catalog: Catalog });

/** When the record is looked up again for the first time while its catalog is fetched, milliseconds. */
const LOOK_AGAIN_MS = 3_000;
/** Each pause is twice the one before, up to this, milliseconds. */
const LONGEST_PAUSE_MS = 15_000;
/** How many records of one publisher are followed to their catalogs: a publisher could go on for ever. */
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
 * @throws {DaemonError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`,
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
  const { clock, timeoutMs, signal } = options;
  const { seedDirectory } = await operations.status();
  const context = { operations, seedDirectory, clock, timeoutMs, signal };
  const list = await readList(context, publicKey, item);
  return list.packages ?? versionsByName(list.catalog.manifests);
}

/**
 * The list that a record has, or, if its catalog cannot be fetched and a later record has another list
 * by then, that one.
 *
 * @param item the publisher's announce record, verified
 * @throws what {@linkcode readOffer} throws but `RECORD_NOT_FOUND`
 */
export async function readList(
  context: CatalogContext,
  publicKey: Uint8Array,
  item: MutableItem,
): Promise<PublisherList> {
  for (let tries = 1;; tries++) {
    const { packages, catalogInfoHash } = decodeAnnounceRecord(item.value);
    if (packages) return { item, packages };
    const watch = new RecordWatch(context, item);
    try {
      const { signal } = watch;
      const catalog = await fetchCatalog({ ...context, signal }, publicKey, catalogInfoHash!);
      return { item, catalog };
    } catch (error) {
      context.signal?.throwIfAborted();
      const isGone = watch.signal.aborted ||
        error instanceof LibreseedError && error.kind === "network";
      const later = isGone && tries < MAX_RECORDS ? await watch.later() : undefined;
      if (!later) throw error;
      item = later;
    } finally {
      await watch.stop();
    }
  }
}

/** Looks a publisher's announce record up again and again, until it names another catalog. */
class RecordWatch {
  readonly #context: CatalogContext;
  readonly #item: MutableItem;
  readonly #stopped = new AbortController();
  readonly #superseded = new AbortController();
  readonly #watching: Promise<void>;
  #later: MutableItem | undefined;

  constructor(context: CatalogContext, item: MutableItem) {
    this.#context = context;
    this.#item = item;
    this.#watching = this.#watch().catch(() => {});
  }

  /** Aborts when the caller's does, and when there is a later record with another list. */
  get signal(): AbortSignal {
    const own = this.#superseded.signal;
    return this.#context.signal ? AbortSignal.any([this.#context.signal, own]) : own;
  }

  /** The later record; looked for now if it was not met yet. */
  async later(): Promise<MutableItem | undefined> {
    await this.stop();
    return this.#later ?? await this.#look(this.#context.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { clock } = this.#context;
    const { signal } = this.#stopped;
    for (let pauseMs = LOOK_AGAIN_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await delay(clock, pauseMs, signal);
      this.#later = await this.#look(signal);
      if (this.#later) return this.#superseded.abort();
    }
  }

  async #look(signal: AbortSignal | undefined): Promise<MutableItem | undefined> {
    const { publicKey, salt, seq, value } = this.#item;
    const request = { publicKey: toHex(publicKey), salt: toHex(salt) };
    const found = await this.#context.operations.lookUp(request, { signal }).catch((error) => {
      // The network may be there again the next time.
      if (error instanceof LibreseedError && error.kind === "network") return undefined;
      throw error;
    });
    const item = found?.item && itemFromJson(found.item);
    if (!item || item.seq <= seq || !verifyItem(item)) return undefined;
    const [before, now] = [decodeAnnounceRecord(value), decodeAnnounceRecord(item.value)];
    const isSame = now.catalogInfoHash !== undefined &&
      equalBytes(now.catalogInfoHash, before.catalogInfoHash!);
    return isSame ? undefined : item;
  }
}
