/**
 * Keeps alive the lists of other publishers whose packages this daemon seeds. A list consists of the
 * announce record, which readers need to resolve version ranges, and of the catalog that the record may
 * name. For a publisher with a root key there is also the publisher record, which leads readers to the
 * signing keys.
 *
 * @module
 */

import { type Clock, equalBytes, LibreseedError, toHex } from "../../base/mod.ts";
import { Asking, type CatalogContext, fetchCatalog, itemsIn } from "../../fetching/mod.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  decodePublisherRecord,
  encodeItem,
  type MutableItem,
  publisherSalt,
  RecordError,
  targetOf,
} from "../../records/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import type { KeptRecords } from "./kept_records.ts";

/** Options of {@linkcode AdoptedLists}. */
export interface AdoptedListsOptions extends Omit<CatalogContext, "signal" | "timeoutMs"> {
  /**
   * Returns the time limit for fetching a catalog (ms). A reload of the settings may change the limit.
   */
  timeoutMs: () => number;
  records: Pick<KeptRecords, "has" | "keep" | "foreignLists">;
  worker: Pick<WorkerHandle, "get" | "keepRecords">;
}

/** Pause between lookups of a publisher's list that the DHT lacks (ms). */
const LOOK_AGAIN_MS = 50 * 60_000;

/** A record to look up and keep. */
interface Wanted {
  kind: "announce" | "publisher";
  publicKey: Uint8Array;
  salt: Uint8Array;
  /** The publisher, at whose rendezvous a record is asked for that the DHT lacks, 32 bytes. */
  identity: Uint8Array;
}

/** Keeps the package lists of other publishers alive in the DHT. */
export class AdoptedLists {
  readonly #options: AdoptedListsOptions;
  readonly #clock: Clock;
  /** Time of the last unsuccessful lookup (Unix ms) by the record's target (hex). */
  readonly #missed = new Map<string, number>();
  /** Lookups that run, by the record's target (hex). */
  readonly #looking = new Map<string, Promise<boolean>>();
  /** Infohash of the catalog that the seed directory has, by the signing key (hex). */
  readonly #present = new Map<string, string>();
  readonly #stopped = new AbortController();
  #fetching: Promise<void> | undefined;

  constructor(options: AdoptedListsOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /**
   * Looks up a publisher's list, and the publisher record if the publisher has a root key, and keeps both
   * alive from then on. Returns whether all of them are kept alive.
   *
   * @param identity public key of the publisher's root, or of its only key, 32 bytes
   * @param signingKey the key that signed the package, 32 bytes
   * @throws {EngineError} if the DHT is off
   * @throws {RecordError} if a record does not decode
   */
  async adopt(identity: Uint8Array, signingKey: Uint8Array): Promise<boolean> {
    const hasRoot = !equalBytes(identity, signingKey);
    const adopted = await Promise.all([
      this.#adopt({
        kind: "announce",
        publicKey: signingKey,
        salt: announceSalt(signingKey),
        identity,
      }),
      ...(hasRoot
        ? [this.#adopt({ kind: "publisher", publicKey: identity, salt: publisherSalt(), identity })]
        : []),
    ]);
    return adopted.every((one) => one);
  }

  async #adopt(wanted: Wanted): Promise<boolean> {
    const target = targetOf(wanted.publicKey, wanted.salt);
    if (this.#options.records.has(target)) return true;
    const keyHex = toHex(target);
    const missedMs = this.#missed.get(keyHex);
    const sinceMs = this.#clock.now() - (missedMs ?? -Infinity);
    // A negative duration means that the clock was set back after the last lookup. The lookup is then
    // repeated.
    if (sinceMs >= 0 && sinceMs < LOOK_AGAIN_MS) return false;
    // Concurrent calls for several packages of one publisher share one lookup.
    let looking = this.#looking.get(keyHex);
    if (!looking) {
      looking = this.#look(wanted, keyHex).finally(() => this.#looking.delete(keyHex));
      this.#looking.set(keyHex, looking);
    }
    return await looking;
  }

  async #look(wanted: Wanted, targetHex: string): Promise<boolean> {
    const { records, worker } = this.#options;
    const { kind, publicKey, salt } = wanted;
    const shown = (await worker.get({ publicKey, salt })).item;
    const item = shown ?? await this.#meet(wanted);
    if (!item) {
      this.#missed.set(targetHex, this.#clock.now());
      return false;
    }
    decode(kind, item);
    records.keep(item, { kind }, false);
    await worker.keepRecords([{ item: encodeItem(item), dueMs: this.#clock.now(), failures: 0 }]);
    return true;
  }

  /** Returns the newest record that the peers at the publisher's rendezvous have; `undefined` if none. */
  async #meet({ kind, identity, ...key }: Wanted): Promise<MutableItem | undefined> {
    const { operations } = this.#options;
    const { signal } = this.#stopped;
    const options = { clock: this.#clock, signal };
    const answers = await new Asking(operations, { publicKey: identity }, options).end();
    return itemsIn(answers, key).find((item) => {
      try {
        decode(kind, item);
        return true;
      } catch (error) {
        if (error instanceof RecordError) return false;
        throw error;
      }
    });
  }

  /**
   * Downloads missing catalogs into the seed directory: the catalogs that the kept announce records of
   * other publishers name. The next call retries failed downloads.
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
        const record = decodeAnnounceRecord(value);
        const { catalogInfoHash } = record;
        if (!catalogInfoHash || this.#present.get(keyHex) === toHex(catalogInfoHash)) continue;
        const timeoutMs = this.#options.timeoutMs();
        const context = { ...this.#options, timeoutMs, signal };
        await fetchCatalog(context, publicKey, { ...record, catalogInfoHash });
        this.#present.set(keyHex, toHex(catalogInfoHash));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof LibreseedError)) throw error;
      }
    }
  }

  /** Aborts running fetches and waits until they have ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#fetching;
  }
}

/** Decodes a record, and throws `RecordError` if that fails. */
function decode(kind: Wanted["kind"], { value }: MutableItem): void {
  if (kind === "announce") decodeAnnounceRecord(value);
  else decodePublisherRecord(value);
}
