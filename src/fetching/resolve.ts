/**
 * Resolves a publisher, a package name and a range to a minimal manifest.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import { nearest } from "../config/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { isValidName, isValidVersion, LATEST, type MinimalManifest } from "../package/mod.ts";
import { manifestSalt } from "../records/mod.ts";
import { FetchingError } from "./errors.ts";
import { type FindOptions, findRecord } from "./find_record.ts";
import { magnetOf, minimalOf } from "./manifest_record.ts";
import { OfferCache, readOffer } from "./offer.ts";
import type { LookupCounts } from "./record_lookup.ts";
import { isNewest } from "./requirement.ts";

/** A requested package of a publisher. */
export interface Wanted {
  /** The publisher's key, 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  /** An exact version, a semver range, or `latest`; if absent, any version. */
  range?: string;
}

/** An unavailable version that is higher than the resolved one, and the reason. */
export interface SkippedVersion {
  version: string;
  /** Code of its error: `RECORD_NOT_FOUND`, or that of a download. */
  code: string;
  /** The error's message. */
  reason: string;
}

/** A resolved package. */
export interface Resolved {
  minimal: MinimalManifest;
  magnet: string;
  /** BEP 44 sequence number of the record. */
  seq: number;
  /** Node counts of the lookup that found the manifest record. */
  counts: LookupCounts;
  /** Higher versions in the range that have no record in the DHT. */
  skipped: SkippedVersion[];
}

/** Conditions that narrow the choice of a version. */
export interface Choice {
  /** Offers that this command has read already. */
  offers?: OfferCache;
  /** Unavailable versions, which are not tried again. */
  without?: ReadonlySet<string>;
  /** Whether a version may replace an unavailable higher one; by default any may. */
  mayReplace?: (version: string) => boolean;
}

/**
 * Most versions tried one after the other. Each unavailable one may take the whole `--timeout`, and a
 * hostile publisher could list any number.
 */
export const MAX_VERSIONS_TRIED = 4;
/** Most versions in an error message; a list may have 100,000. */
const MAX_NAMED = 10;
/** Most names of a publisher that a misspelt name is compared with; a list may have 100,000. */
const MAX_COMPARED = 5_000;

/**
 * Resolves a package to its verified minimal manifest. A range takes the highest version in the
 * publisher's announce record, or the next lower one that has a record in the DHT. An exact version is
 * never replaced.
 *
 * @throws {FetchingError} `RECORD_NOT_FOUND`, with `version` in `detail` if a version is listed;
 * `VERSION_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`, `CATALOG_UNREACHABLE` (kind `network`),
 * `RECORD_INVALID` (kind `verification`)
 */
export async function resolvePackage(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  choice: Choice = {},
): Promise<Resolved> {
  const { publicKey, name, range } = wanted;
  const isExact = range !== undefined && semver.valid(range) === range;
  const versions = isExact ? [range] : await versionsFor(operations, wanted, options, choice);
  const skipped: SkippedVersion[] = [];
  let missing: FetchingError | undefined;
  for (const version of versions) {
    const isReplacement = missing !== undefined || (choice.without?.size ?? 0) > 0;
    if (isReplacement && choice.mayReplace?.(version) === false) break;
    const label = `${name}@${version} of ${formatPublicKey(publicKey)}`;
    const salt = manifestSalt(name, version);
    try {
      const { item, counts } = await findRecord(operations, { publicKey, salt }, label, options);
      const minimal = minimalOf(item, { name, version });
      return { minimal, magnet: magnetOf(minimal), seq: item.seq, counts, skipped };
    } catch (error) {
      if (!(error instanceof LibreseedError) || error.code !== "RECORD_NOT_FOUND") throw error;
      const { kind, code, message, detail } = error;
      missing ??= new FetchingError(kind, code, message, {
        cause: error,
        detail: { ...detail, name, version, unknownName: name },
      });
      skipped.push({ version, code, reason: message });
    }
  }
  throw missing ?? notFound(wanted, []);
}

/**
 * The version that a publisher's package without a range means: the highest stable one. The index of a
 * name has the newest version, which may be a prerelease.
 *
 * @param newest `version`: the version in the index
 * @returns `undefined` if no version is available
 */
export async function plainVersion(
  operations: Operations,
  { publicKey, name, version }: { publicKey: Uint8Array; name: string; version: string },
  options: FindOptions,
  choice: Choice = {},
): Promise<string | undefined> {
  if (semver.prerelease(version) === null) return version;
  try {
    return (await resolvePackage(operations, { publicKey, name }, options, choice)).minimal.version;
  } catch (error) {
    if (!(error instanceof LibreseedError)) throw error;
    return undefined;
  }
}

/** The versions to try, in descending order, at most {@linkcode MAX_VERSIONS_TRIED}. */
async function versionsFor(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  { offers = new OfferCache(), without = new Set() }: Choice,
): Promise<string[]> {
  const { publicKey, name, range } = wanted;
  const offer = await offers.of(publicKey, () => readOffer(operations, publicKey, options));
  // A publisher may list invalid versions.
  const listed = (offer.get(name) ?? []).filter(isValidVersion);
  const highest: string[] = semver.rsort([...listed]);
  const fitting = highest.filter((version) =>
    isNewest(range) ? semver.prerelease(version) === null : semver.satisfies(version, range!)
  );
  // Of a package without stable versions, the newest prerelease counts.
  if (fitting.length === 0 && isNewest(range) && range !== LATEST) fitting.push(...highest);
  if (fitting.length === 0) throw notFound(wanted, highest, [...offer.keys()]);
  return fitting.filter((version) => !without.has(version))
    .slice(0, Math.max(MAX_VERSIONS_TRIED - without.size, 0));
}

/**
 * The error for a package without a matching version.
 *
 * @param versions the package's versions, in descending order
 * @param names names of the publisher's packages, to suggest one
 */
function notFound(
  { publicKey, name, range = "*" }: Wanted,
  versions: readonly string[],
  names: readonly string[] = [],
): FetchingError {
  const publisher = formatPublicKey(publicKey);
  const [newest] = versions;
  const there = versions.slice(0, MAX_NAMED).join(", ") +
    (versions.length > MAX_NAMED ? ` and ${versions.length - MAX_NAMED} more` : "");
  const message = versions.length === 0
    ? `${publisher} publishes no package named ${name}`
    : range === LATEST
    ? `${publisher} publishes no stable version of ${name}, only prereleases: ${there}. ` +
      `Name one to take it: ${name}@${newest}`
    : `${publisher} publishes no version of ${name} that satisfies ${range}; there is ${there}`;
  // Suggest a name of this publisher rather than another name that this home knows.
  const isUnknown = versions.length === 0;
  const near = isUnknown
    ? nearest(name, names.slice(0, MAX_COMPARED).filter(isValidName))
    : undefined;
  const detail = {
    name,
    range,
    versions: versions.slice(0, MAX_NAMED),
    ...(isUnknown && { unknownName: name }),
    ...(near !== undefined && { didYouMean: near }),
  };
  return new FetchingError("not-found", "VERSION_NOT_FOUND", message, { detail });
}
