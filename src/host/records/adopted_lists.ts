/**
 * Keeps alive what other publishers say that they offer, where packages of theirs are seeded: the
 * announce record, without which no range of versions is found, and the catalog that it may point to.
 *
 * @module
 */

import { type Clock, LibreseedError, toHex } from "../../base/mod.ts";
import { type CatalogContext, fetchCatalog } from "../../fetching/mod.ts";
import { announceSalt, decodeAnnounceRecord, encodeItem, targetOf } from "../../records/mod.ts";
import type { WorkerHost } from "../thread/mod.ts";
import type { KeptRecords } from "./kept_records.ts";

/** Options of {@linkcode AdoptedLists}. */
export interface AdoptedListsOptions extends Omit<CatalogContext, "signal" | "timeoutMs"> {
  /** How long to wait for a catalog, milliseconds; may change. */
  timeoutMs: () => number;
  records: Pick<KeptRecords, "has" | "keep" | "foreignLists">;
  worker: Pick<WorkerHost, "get" | "keepRecords">;
}

/** A list that was not found is not looked for again for so long, milliseconds. */
const LOOK_AGAIN_MS = 50 * 60_000;

/** The lists of other publishers that one daemon keeps. */
export class AdoptedLists {
  readonly #options: AdoptedListsOptions;
  readonly #clock: Clock;
  /** When the list of a publisher was looked for in vain, Unix milliseconds by key. */
  readonly #missed = new Map<string, number>();
  readonly #looking = new Map<string, Promise<boolean>>();
  /** Infohash of the catalog that is here, by publisher. */
  readonly #present = new Map<string, string>();
  readonly #stopped = new AbortController();
  #fetching: Promise<void> | undefined;

  constructor(options: AdoptedListsOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /**
   * Keeps the list of a publisher from now on, if the DHT has one; returns whether it is kept.
   *
   * @param publicKey the publisher's, 32 bytes
   * @throws {EngineError}, {@linkcode RecordError} if the DHT is off, or shows nonsense
   */
  async adopt(publicKey: Uint8Array): Promise<boolean> {
    const keyHex = toHex(publicKey);
    if (this.#options.records.has(targetOf(publicKey, announceSalt(publicKey)))) return true;
    const missedMs = this.#missed.get(keyHex);
    const sinceMs = this.#clock.now() - (missedMs ?? -Infinity);
    // Less than nothing: the clock was set back since.
    if (sinceMs >= 0 && sinceMs < LOOK_AGAIN_MS) return false;
    // There may be many packages of one publisher.
    let looking = this.#looking.get(keyHex);
    if (!looking) {
      looking = this.#look(publicKey).finally(() => this.#looking.delete(keyHex));
      this.#looking.set(keyHex, looking);
    }
    return await looking;
  }

  async #look(publicKey: Uint8Array): Promise<boolean> {
    const { records, worker } = this.#options;
    const { item } = await worker.get({ publicKey, salt: announceSalt(publicKey) });
    if (!item) {
      this.#missed.set(toHex(publicKey), this.#clock.now());
      return false;
    }
    decodeAnnounceRecord(item.value);
    records.keep(item, { kind: "announce" }, false);
    await worker.keepRecords([{ item: encodeItem(item), dueMs: this.#clock.now(), failures: 0 }]);
    return true;
  }

  /**
   * Fetches the catalogs that are not here, or not as the lists name them by now. One that cannot be
   * had is left for the next time.
   */
  fetchCatalogs(): Promise<void> {
    return this.#fetching ??= this.#fetchAll().finally(() => this.#fetching = undefined);
  }

  async #fetchAll(): Promise<void> {
    const { signal } = this.#stopped;
    for (const { publicKey, value } of this.#options.records.foreignLists()) {
      if (signal.aborted) return;
      const keyHex = toHex(publicKey);
      try {
        const { catalogInfoHash } = decodeAnnounceRecord(value);
        if (!catalogInfoHash || this.#present.get(keyHex) === toHex(catalogInfoHash)) continue;
        const timeoutMs = this.#options.timeoutMs();
        await fetchCatalog({ ...this.#options, timeoutMs, signal }, publicKey, catalogInfoHash);
        this.#present.set(keyHex, toHex(catalogInfoHash));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof LibreseedError)) throw error;
      }
    }
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#fetching;
  }
}
