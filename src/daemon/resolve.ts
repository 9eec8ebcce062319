/**
 * From a publisher, a name and a range to the minimal manifest that they mean.
 *
 * @module
 */

import semver from "semver";
import { toHex } from "../base/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { isValidVersion, type MinimalManifest } from "../package/mod.ts";
import { announceSalt, decodeAnnounceRecord, manifestSalt } from "../records/mod.ts";
import { fetchCatalog, versionsByName } from "./catalogs.ts";
import { DaemonError } from "./errors.ts";
import { findItem, type FindOptions } from "./find_item.ts";
import { magnetOf, minimalOf } from "./manifest_item.ts";
import type { GetJson, Operations } from "./operations.ts";

/** Which package. */
export interface Wanted {
  /** 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  /** An exact version or a semver range; any version, without it. */
  range?: string;
}

/** What was found. */
export interface Resolved {
  minimal: MinimalManifest;
  magnet: string;
  /** BEP 44 sequence number of the record. */
  seq: number;
  /** How the manifest record was found. */
  outcome: GetJson;
}

/** Versions by name: all that a publisher offers. */
type Offer = ReadonlyMap<string, readonly string[]>;

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
 * Finds the minimal manifest. Its signature has been checked then. A range is resolved with the
 * publisher's announce record: the highest version in it that satisfies the range.
 *
 * @param offers what this command has read already
 * @throws {DaemonError} `RECORD_NOT_FOUND`, `VERSION_NOT_FOUND` (kind `not-found`),
 * `DHT_UNREACHABLE` (kind `network`), `RECORD_INVALID` (kind `verification`)
 */
export async function resolvePackage(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  offers: Offers = new Offers(),
): Promise<Resolved> {
  const { publicKey, name, range } = wanted;
  const version = range !== undefined && semver.valid(range) === range
    ? range
    : await resolveRange(operations, wanted, options, offers);
  const what = `${name}@${version} of ${formatPublicKey(publicKey)}`;
  const salt = manifestSalt(name, version);
  const { item, outcome } = await findItem(operations, { publicKey, salt }, what, options);
  const minimal = minimalOf(item, { name, version });
  return { minimal, magnet: magnetOf(minimal), seq: item.seq, outcome };
}

async function resolveRange(
  operations: Operations,
  { publicKey, name, range = "*" }: Wanted,
  options: FindOptions,
  offers: Offers,
): Promise<string> {
  const publisher = formatPublicKey(publicKey);
  const offer = await offers.of(publicKey, () => readOffer(operations, publicKey, options));
  const listed = offer.get(name) ?? [];
  // A publisher may list what is no version at all.
  const versions = listed.filter(isValidVersion);
  const best = semver.maxSatisfying(versions, range) ??
    // "*" leaves prereleases out; a package of nothing else still has a newest one.
    (range === "*" ? semver.rsort([...versions])[0] : undefined);
  if (best) return best;
  throw new DaemonError(
    "not-found",
    "VERSION_NOT_FOUND",
    versions.length === 0
      ? `${publisher} publishes no package named ${name}`
      : `${publisher} publishes no version of ${name} that satisfies ${range}; there is ${
        versions.join(", ")
      }`,
    { detail: { name, range, versions } },
  );
}

async function readOffer(
  operations: Operations,
  publicKey: Uint8Array,
  options: FindOptions,
): Promise<Offer> {
  const key = { publicKey, salt: announceSalt(publicKey) };
  const what = `what ${formatPublicKey(publicKey)} publishes`;
  const { item } = await findItem(operations, key, what, options);
  const { packages, catalogInfoHash } = decodeAnnounceRecord(item.value);
  if (packages) return packages;
  const { clock, timeoutMs, signal } = options;
  const { seedDirectory } = await operations.status();
  const context = { operations, seedDirectory, clock, timeoutMs, signal };
  const { manifests } = await fetchCatalog(context, publicKey, catalogInfoHash!);
  return versionsByName(manifests);
}
