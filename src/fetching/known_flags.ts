/**
 * The flags of a package whose version is known already, to warn the user. They are looked up while
 * other work goes on; when they do not come in time, those that this home has seen are used.
 *
 * @module
 */

import { delay, type PackageFlags } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { FindOptions } from "./find_record.ts";
import { readFlags } from "./offer.ts";
import type { OfferCache } from "./offer_cache.ts";

/**
 * Maximum time to wait for the flags after the other work has ended (ms). Usually one lookup brings
 * them; a catalog with flags may have to be fetched.
 */
const PATIENCE_MS = 10_000;

/** A publisher's package. */
interface Subject {
  /** The publisher's key, 32 bytes. */
  publicKey: Uint8Array;
  name: string;
}

/** The flags of one package, whose lookup begins at once. */
export class KnownFlags {
  readonly #flags: Promise<PackageFlags>;
  readonly #seen: () => PackageFlags;
  readonly #options: FindOptions;

  /** @param offers the cache of the command; its home's memory is used when the lookup fails */
  constructor(
    operations: Operations,
    { publicKey, name }: Subject,
    options: FindOptions,
    offers: OfferCache,
  ) {
    this.#options = options;
    this.#seen = () => offers.lastSeen(publicKey, name).flags;
    const seenSeq = (key: Uint8Array) => offers.seenSeq(key, name);
    const wanted = { ...options, seenSeq, name };
    const read = () => readFlags(operations, offers.records, publicKey, wanted);
    this.#flags = offers.flagsOf(publicKey, name, read)
      .then((read) => offers.settle(name, read).flags, this.#seen);
  }

  /** Returns the flags, or those that this home has seen. */
  async inTime(): Promise<PackageFlags> {
    const { clock, signal } = this.#options;
    const came = new AbortController();
    const ended = signal ? AbortSignal.any([signal, came.signal]) : came.signal;
    const late = delay(clock, PATIENCE_MS, ended).then(this.#seen, this.#seen);
    return await Promise.race([this.#flags, late]).finally(() => came.abort());
  }
}

/**
 * Returns the flags of a publisher's package, as far as they are known: by its list, or by a newer list
 * that this home has seen.
 */
export async function knownFlags(
  operations: Operations,
  subject: Subject,
  options: FindOptions,
  offers: OfferCache,
): Promise<PackageFlags> {
  return await new KnownFlags(operations, subject, options, offers).inTime();
}
