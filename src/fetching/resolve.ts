/**
 * From a publisher, a name and a range to the minimal manifest that they mean.
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
import { findItem, type FindOptions, type Lookup } from "./find_item.ts";
import { magnetOf, minimalOf } from "./manifest_item.ts";
import { Offers, readOffer } from "./offer.ts";
import { isNewest } from "./requirement.ts";

/** Which package. */
export interface Wanted {
  /** 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  /** An exact version, a semver range, or `latest`; any version, without it. */
  range?: string;
}

/** A version that fits and is higher than the one that was found, and why it was passed over. */
export interface SkippedVersion {
  version: string;
  /** Of the error that it met: `RECORD_NOT_FOUND`, or one of a download. */
  code: string;
  /** The error's message. */
  reason: string;
}

/** What was found. */
export interface Resolved {
  minimal: MinimalManifest;
  magnet: string;
  /** BEP 44 sequence number of the record. */
  seq: number;
  /** How the manifest record was found. */
  outcome: Lookup;
  /** Higher versions that fit, and have no record in the DHT. */
  skipped: SkippedVersion[];
}

/** Conditions that narrow the choice among the versions that fit. */
export interface Choice {
  /** What this command has read already. */
  offers?: Offers;
  /** Versions that could not be had. */
  without?: ReadonlySet<string>;
  /**
   * Whether a version may be taken in place of a higher one that fits and cannot be had. By default
   * any may.
   */
  mayReplace?: (version: string) => boolean;
}

/**
 * How many versions are tried, one after the other: one that cannot be had may take the whole of
 * `--timeout`, and a list is a stranger's.
 */
export const MAX_VERSIONS_TRIED = 4;
/** How many versions an error names: a list may hold 100,000. */
const MAX_NAMED = 10;
/** How many of a publisher's names a misspelt one is compared with, for the same reason. */
const MAX_COMPARED = 5_000;

/**
 * Finds the minimal manifest. Its signature has been checked then. A range is resolved with the
 * publisher's announce record: the highest version in it that satisfies the range or, if that one has
 * no record in the DHT, the next one that has. An exact version is never replaced by another.
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
    const what = `${name}@${version} of ${formatPublicKey(publicKey)}`;
    const salt = manifestSalt(name, version);
    try {
      const { item, outcome } = await findItem(operations, { publicKey, salt }, what, options);
      const minimal = minimalOf(item, { name, version });
      return { minimal, magnet: magnetOf(minimal), seq: item.seq, outcome, skipped };
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
 * The version of a publisher that is taken where none is named: the highest stable one. The index of
 * the name has the newest, which may be a prerelease.
 *
 * @param entry `version` is the newest one
 * @returns undefined if there is none that can be had
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

/** The versions that fit, the highest first, and no more than are tried. */
async function versionsFor(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  { offers = new Offers(), without = new Set() }: Choice,
): Promise<string[]> {
  const { publicKey, name, range } = wanted;
  const offer = await offers.of(publicKey, () => readOffer(operations, publicKey, options));
  // A publisher may list what is no version at all.
  const listed = (offer.get(name) ?? []).filter(isValidVersion);
  const highest: string[] = semver.rsort([...listed]);
  const fitting = highest.filter((version) =>
    isNewest(range) ? semver.prerelease(version) === null : semver.satisfies(version, range!)
  );
  // A package of nothing but prereleases still has a newest one.
  if (fitting.length === 0 && isNewest(range) && range !== LATEST) fitting.push(...highest);
  if (fitting.length === 0) throw notFound(wanted, highest, [...offer.keys()]);
  return fitting.filter((version) => !without.has(version))
    .slice(0, Math.max(MAX_VERSIONS_TRIED - without.size, 0));
}

/** @param names what the publisher has instead */
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
  // What the publisher has instead is worth more than what else this home knows.
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
