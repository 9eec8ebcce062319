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
import type { Offer, OfferedFlags } from "./offer.ts";
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
  readonly #read = new Map<string, Promise<Offer[]>>();
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

  /** Returns the offers of a publisher from the cache, or calls `read`. A failed read is not cached. */
  of(publicKey: Uint8Array, read: () => Promise<Offer[]>): Promise<Offer[]> {
    return cached(this.#read, toHex(publicKey), read);
  }

  /** Returns the flags of a publisher's packages like {@linkcode of}, also those of a cached offer. */
  flagsOf(publicKey: Uint8Array, read: () => Promise<OfferedFlags[]>): Promise<OfferedFlags[]> {
    const keyHex = toHex(publicKey);
    return this.#read.get(keyHex) ?? cached(this.#flags, keyHex, read);
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
