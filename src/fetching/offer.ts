/**
 * Reads the versions that a publisher offers, by package name, from its announce record or its catalog,
 * and caches them for the duration of a command.
 *
 * @module
 */

import { toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { announceSalt, decodeAnnounceRecord } from "../records/mod.ts";
import { type FindOptions, findRecord } from "./find_record.ts";
import { type Offer, readList } from "./publisher_list.ts";

/**
 * Cache of publishers' offers for one command, so that ten packages of one publisher cost one lookup. The
 * cache never expires, so long-running processes must not use it.
 */
export class OfferCache {
  readonly #read = new Map<string, Promise<Offer>>();

  /** Returns the offer of a publisher from the cache, or calls `read`. A failed read is not cached. */
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
 * Reads the package names and versions that a publisher offers.
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
  const key = { publicKey, salt: announceSalt(publicKey) };
  const label = `what ${formatPublicKey(publicKey)} publishes`;
  const { item } = await findRecord(operations, key, label, options, (item) => {
    const { packages } = decodeAnnounceRecord(item.value);
    if (packages) onShown?.(packages);
  });
  const { packages } = decodeAnnounceRecord(item.value);
  if (packages) return packages;
  const { seedDirectory } = await operations.status();
  const list = await readList({ ...options, operations, seedDirectory }, publicKey, item);
  return list.packages ?? versionsByName(list.catalog.manifests);
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
