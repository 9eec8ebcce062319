/**
 * Keeps alive the lists of other publishers whose packages are seeded here: the announce record, which
 * readers need to resolve version ranges, and the catalog that it may point to.
 *
 * @module
 */

import { type Clock, LibreseedError, toHex } from "../../base/mod.ts";
import { type CatalogContext, fetchCatalog } from "../../fetching/mod.ts";
import { announceSalt, decodeAnnounceRecord, encodeItem, targetOf } from "../../records/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import type { KeptRecords } from "./kept_records.ts";

/** Options of {@linkcode AdoptedLists}. */
export interface AdoptedListsOptions extends Omit<CatalogContext, "signal" | "timeoutMs"> {
  /** Time limit for fetching a catalog, milliseconds; may change. */
  timeoutMs: () => number;
  records: Pick<KeptRecords, "has" | "keep" | "foreignLists">;
  worker: Pick<WorkerHandle, "get" | "keepRecords">;
}

/** Pause before a list that was not found is looked up again (ms). */
const LOOK_AGAIN_MS = 50 * 60_000;

/** Other publishers' lists that one daemon keeps alive. */
export class AdoptedLists {
  readonly #options: AdoptedListsOptions;
  readonly #clock: Clock;
  /** Time of the last failed lookup by public key (hex), Unix milliseconds. */
  readonly #missed = new Map<string, number>();
  readonly #looking = new Map<string, Promise<boolean>>();
  /** Infohash of the present catalog by public key (hex). */
  readonly #present = new Map<string, string>();
  readonly #stopped = new AbortController();
  #fetching: Promise<void> | undefined;

  constructor(options: AdoptedListsOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /**
   * Keeps a publisher's list alive if the DHT has one; returns whether it is kept.
   *
   * @param publicKey the publisher's, 32 bytes
   * @throws {EngineError} if the DHT is off
   * @throws {RecordError} if the list does not decode
   */
  async adopt(publicKey: Uint8Array): Promise<boolean> {
    const keyHex = toHex(publicKey);
    if (this.#options.records.has(targetOf(publicKey, announceSalt(publicKey)))) return true;
    const missedMs = this.#missed.get(keyHex);
    const sinceMs = this.#clock.now() - (missedMs ?? -Infinity);
    // A negative time means that the clock was set back.
    if (sinceMs >= 0 && sinceMs < LOOK_AGAIN_MS) return false;
    // One lookup serves concurrent calls for many packages of one publisher.
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
   * Fetches the catalogs that the lists name and that are not here. A failed fetch is left for the next
   * call.
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

  /** Aborts running fetches. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#fetching;
  }
}
