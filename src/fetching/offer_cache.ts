/**
 * Cache of publishers' offers for the duration of a command, and the home's memory of flags: a list that is
 * older than one that this home has seen takes back no flag.
 *
 * @module
 */

import { LibreseedError, NO_FLAGS, toHex } from "../base/mod.ts";
import type { PackageOffer } from "../store/mod.ts";
import type { Trust } from "../trust/mod.ts";
import { type MergedOffer, mergeOffers } from "./merge_offers.ts";
import type { Offer, OfferedFlags, WantedOffer } from "./offer.ts";
import { PublisherRecords } from "./publisher_keys.ts";

/** The memory of a home for the newest flags that it has seen. `OffersTable` of `src/store` is one. */
export interface SeenOffers {
  get(publicKey: Uint8Array, name: string): PackageOffer | undefined;
  settle(publicKey: Uint8Array, name: string, read: PackageOffer): PackageOffer;
}

/**
 * Cache of publishers' offers for one command, so that ten packages of one publisher cost one lookup. The
 * cache never expires, so long-running processes must not use it.
 */
export class OfferCache {
  /** The publisher records that this command has looked up. */
  readonly records: PublisherRecords;
  /**
   * Offers by the publisher's key (hex); those that hold one package only, by key and package name.
   */
  readonly #read = new Map<string, Promise<Offer[]>>();
  /** Publishers whose whole list has been read, by key (hex). */
  readonly #whole = new Set<string>();
  /** The first read of each publisher's list, by key (hex). */
  readonly #first = new Map<string, Promise<Offer[]>>();
  /** The latest offers of each publisher, whole or not, by its key (hex). */
  readonly #latest = new Map<string, Offer[]>();
  readonly #flags = new Map<string, Promise<OfferedFlags[]>>();
  readonly #seen: SeenOffers | undefined;

  /**
   * @param trust what the home knows of publishers' keys
   * @param seen the home's memory of flags; if absent, each list that is read counts as the newest
   */
  constructor(trust: Trust, seen?: SeenOffers) {
    this.records = new PublisherRecords(trust);
    this.#seen = seen;
  }

  /** Knowledge of publishers' keys in this home. */
  get trust(): Trust {
    return this.records.trust;
  }

  /**
   * Returns the offers of a publisher from the cache, or calls `read`. A failed read is not cached.
   *
   * @param name the package that is wanted: of a long list, the offers may hold this package only
   * @param read called with what is to be read: the package, and offers of the publisher that were read for
   * another package, if any
   */
  async of(
    publicKey: Uint8Array,
    name: string,
    read: (wanted: WantedOffer) => Promise<Offer[]>,
  ): Promise<Offer[]> {
    const keyHex = toHex(publicKey);
    // A read of another package may show that the list is short, and is known whole.
    const first = this.#first.get(keyHex);
    if (first) await first.catch(() => {});
    const key = this.#whole.has(keyHex) ? keyHex : `${keyHex} ${name}`;
    const reading = cached(this.#read, key, async () => {
      const offers = await read({ name, known: this.#latest.get(keyHex) });
      this.#latest.set(keyHex, offers);
      if (!offers.some(({ index }) => index)) {
        this.#whole.add(keyHex);
        this.#read.set(keyHex, Promise.resolve(offers));
      }
      return offers;
    });
    if (!this.#first.has(keyHex)) {
      this.#first.set(keyHex, reading);
      reading.catch(() => this.#first.delete(keyHex));
    }
    return await reading;
  }

  /** Returns the flags of a publisher's package like {@linkcode of}, also those of a cached offer. */
  flagsOf(
    publicKey: Uint8Array,
    name: string,
    read: () => Promise<OfferedFlags[]>,
  ): Promise<OfferedFlags[]> {
    const keyHex = toHex(publicKey);
    const key = `${keyHex} ${name}`;
    return this.#read.get(keyHex) ?? this.#read.get(key) ?? cached(this.#flags, key, read);
  }

  /**
   * Returns what a publisher offers of one package: by the offers of its keys, each replaced by a newer one
   * that this home has seen before.
   */
  settle(name: string, offers: readonly OfferedFlags[]): MergedOffer {
    return mergeOffers(
      name,
      offers.map((offer) => ({ ...offer, ofName: this.#settleOne(name, offer) })),
    );
  }

  #settleOne(name: string, { key, seq, packages, flags }: OfferedFlags): PackageOffer {
    const versions = packages && (packages.get(name) ?? []);
    const read = { seq, versions, flags: flags.get(name) ?? NO_FLAGS };
    try {
      return this.#seen?.settle(key.key, name, read) ?? read;
    } catch (error) {
      // A full disk must not keep a package from being found.
      if (!(error instanceof LibreseedError)) throw error;
      return read;
    }
  }

  /** Returns the `seq` of the newest list of a key with flags of a package that this home has seen. */
  seenSeq(key: Uint8Array, name: string): number | undefined {
    return this.#seen?.get(key, name)?.seq;
  }

  /** Returns what this home has last seen of a publisher's package with flags; empty if nothing. */
  lastSeen(publicKey: Uint8Array, name: string): MergedOffer {
    // The publisher's own home stores its offers under the identity.
    const keys = [...this.trust.signingKeys(publicKey) ?? [], { key: publicKey, fromMs: 0 }];
    return mergeOffers(
      name,
      keys.flatMap((key) => {
        const ofName = this.#seen?.get(key.key, name);
        return ofName ? [{ key, ofName }] : [];
      }),
    );
  }
}

function cached<T>(
  cache: Map<string, Promise<T>>,
  key: string,
  read: () => Promise<T>,
): Promise<T> {
  let outcome = cache.get(key);
  if (!outcome) {
    outcome = read();
    cache.set(key, outcome);
    outcome.catch(() => cache.delete(key));
  }
  return outcome;
}
