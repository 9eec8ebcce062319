/**
 * Reads the versions that a publisher offers and their flags, from its announce record or its catalog,
 * and caches them for the duration of a command. A list that is older than one that this home has seen
 * takes back no flag.
 *
 * @module
 */

import { type FlagsByName, LibreseedError, NO_FLAGS, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { announceSalt, decodeAnnounceRecord } from "../records/mod.ts";
import type { PackageOffer } from "../store/mod.ts";
import { type FindOptions, findRecord } from "./find_record.ts";
import { type OfferedVersions, readList } from "./publisher_list.ts";

/** The packages that a publisher offers, with their flags, by one of its announce records. */
export interface Offer {
  /** BEP 44 sequence number of the announce record. */
  seq: number;
  /** Listed versions by package name, yanked ones included. */
  packages: OfferedVersions;
  /** Flags by package name. Packages without flags are absent. */
  flags: FlagsByName;
}

/** The flags of a publisher's packages. `packages` is absent if the catalog was not needed. */
export type OfferedFlags = Pick<Offer, "seq" | "flags"> & { packages?: OfferedVersions };

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
  readonly #read = new Map<string, Promise<Offer>>();
  readonly #flags = new Map<string, Promise<OfferedFlags>>();
  readonly #seen: SeenOffers | undefined;

  /** @param seen the home's memory; if absent, each list that is read counts as the newest */
  constructor(seen?: SeenOffers) {
    this.#seen = seen;
  }

  /** Returns the offer of a publisher from the cache, or calls `read`. A failed read is not cached. */
  of(publicKey: Uint8Array, read: () => Promise<Offer>): Promise<Offer> {
    return cached(this.#read, toHex(publicKey), read);
  }

  /** Returns the flags of a publisher's packages like {@linkcode of}, also those of a cached offer. */
  flagsOf(publicKey: Uint8Array, read: () => Promise<OfferedFlags>): Promise<OfferedFlags> {
    const keyHex = toHex(publicKey);
    return this.#read.get(keyHex) ?? cached(this.#flags, keyHex, read);
  }

  /**
   * Returns what a publisher offers of one package: by the given offer, or by a newer one that this home
   * has seen before.
   */
  settle(
    publicKey: Uint8Array,
    name: string,
    { seq, packages, flags }: OfferedFlags,
  ): PackageOffer {
    const versions = packages && (packages.get(name) ?? []);
    const read = { seq, versions, flags: flags.get(name) ?? NO_FLAGS };
    try {
      return this.#seen?.settle(publicKey, name, read) ?? read;
    } catch (error) {
      // A full disk must not keep a package from being found.
      if (!(error instanceof LibreseedError)) throw error;
      return read;
    }
  }

  /** Returns the newest offer of a package that this home has seen with flags. */
  lastSeen(publicKey: Uint8Array, name: string): PackageOffer | undefined {
    return this.#seen?.get(publicKey, name);
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

/**
 * Reads the packages and versions that a publisher offers, and their flags.
 *
 * @param publicKey the publisher's key, 32 bytes
 * @param onShown called with the offer in an announce record that a node shows, before the lookup has
 * ended. A later offer may replace it. Not called for a record that names a catalog
 * @throws {FetchingError} `RECORD_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`, `CATALOG_UNREACHABLE`
 * (kind `network`)
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 */
export async function readOffer(
  operations: Operations,
  publicKey: Uint8Array,
  options: FindOptions,
  onShown?: (offer: Offer) => void,
): Promise<Offer> {
  const { seq, packages, flags } = await read(operations, publicKey, options, true, (offer) => {
    if (offer.packages) onShown?.({ ...offer, packages: offer.packages });
  });
  return { seq, packages: packages!, flags };
}

/**
 * Reads the flags of a publisher's packages, with one lookup. The catalog is fetched only if the flags
 * are in it.
 *
 * @throws as {@linkcode readOffer}
 */
export async function readFlags(
  operations: Operations,
  publicKey: Uint8Array,
  options: FindOptions,
): Promise<OfferedFlags> {
  return await read(operations, publicKey, options, false);
}

async function read(
  operations: Operations,
  publicKey: Uint8Array,
  options: FindOptions,
  needsPackages: boolean,
  onShown?: (offer: OfferedFlags) => void,
): Promise<OfferedFlags> {
  const key = { publicKey, salt: announceSalt(publicKey) };
  const label = `what ${formatPublicKey(publicKey)} publishes`;
  const finding = needsPackages ? options : { ...options, timeoutMs: 0 };
  const { item } = await findRecord(operations, key, label, finding, ({ seq, value }) => {
    const { packages, flags = new Map() } = decodeAnnounceRecord(value);
    onShown?.({ seq, packages, flags });
  });
  const { packages, flags = new Map(), catalogHasFlags } = decodeAnnounceRecord(item.value);
  if (!catalogHasFlags && (packages || !needsPackages)) return { seq: item.seq, packages, flags };
  const { seedDirectory } = await operations.status();
  const list = await readList({ ...options, operations, seedDirectory }, publicKey, item);
  return {
    seq: list.item.seq,
    packages: list.packages ?? versionsByName(list.catalog.manifests),
    flags: list.flags,
  };
}

/** Groups packages by name. The versions of a name keep their order. */
export function versionsByName(
  packages: Iterable<{ name: string; version: string }>,
): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const { name, version } of packages) {
    const before = versions.get(name);
    if (before) before.push(version);
    else versions.set(name, [version]);
  }
  return versions;
}
