/**
 * Resolves a publisher, a package name and a version range to the minimal manifest of one version.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import { nearest } from "../config/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { isValidName, isValidVersion, LATEST, type MinimalManifest } from "../package/mod.ts";
import { manifestSalt, type MutableItem } from "../records/mod.ts";
import { FetchingError } from "./errors.ts";
import { type FindOptions, findRecord } from "./find_record.ts";
import { HeadStart } from "./head_start.ts";
import { magnetOf, minimalOf, webSeedsOfRecord } from "./manifest_record.ts";
import { OfferCache, readOffer } from "./offer.ts";
import type { Offer } from "./publisher_list.ts";
import type { LookupCounts } from "./record_lookup.ts";
import { isNewest } from "./requirement.ts";

/** A request for a package of a known publisher. */
export interface Wanted {
  /** The publisher's key, 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  /** An exact version, a semver range, or `latest`. If absent, any version is accepted. */
  range?: string;
}

/** A version that is higher than the resolved version but was unavailable, with the reason. */
export interface SkippedVersion {
  version: string;
  /** Error code that made the version unavailable: `RECORD_NOT_FOUND`, or a code of a failed download. */
  code: string;
  /** Message of the error that made the version unavailable. */
  reason: string;
}

/** A package whose version was chosen and whose manifest was verified. */
export interface Resolved {
  minimal: MinimalManifest;
  magnet: string;
  /** URLs of web seeds in the manifest record, without those that are no usable URL. */
  webSeeds: string[];
  /** BEP 44 sequence number of the manifest record. */
  seq: number;
  /** Node counts of the lookup that found the manifest record. */
  counts: LookupCounts;
  /** Higher versions that satisfy the range but have no record in the DHT. */
  skipped: SkippedVersion[];
}

/** A verified manifest that a DHT node has shown, and the URLs of the web seeds in its record. */
export type ShownManifest = Pick<Resolved, "minimal" | "webSeeds">;

/** Options for choosing a version of a package. */
export interface Choice {
  /** Cache of the offers that this command has read. */
  offers?: OfferCache;
  /** Versions that are known to be unavailable and must not be chosen. */
  without?: ReadonlySet<string>;
  /**
   * Whether a version may be returned in place of an unavailable higher version. By default every version
   * may.
   */
  mayReplace?: (version: string) => boolean;
  /**
   * Called with a verified manifest as soon as one DHT node has shown it, so that the caller can begin its
   * download. The lookups may still lead to another manifest.
   */
  onShown?: (shown: ShownManifest) => void;
}

/**
 * Maximum number of versions that are tried in sequence. Each unavailable version may take the whole
 * `--timeout`, and a hostile publisher could list any number of versions.
 */
export const MAX_VERSIONS_TRIED = 4;
/** Maximum number of versions in an error message. A publisher may list 100,000 versions. */
const MAX_NAMED = 10;
/**
 * Maximum number of package names that a misspelt name is compared with. A publisher may list 100,000
 * names.
 */
const MAX_COMPARED = 5_000;

/**
 * Resolves a package to its verified minimal manifest. For a range, chooses the highest version listed in
 * the publisher's announce record, or the next lower version if the higher one has no record in the DHT. An
 * exact version is never replaced by another version.
 *
 * @throws {FetchingError} `RECORD_NOT_FOUND`, whose `detail` has a `version` if a version is listed but has
 * no record; `VERSION_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`, `CATALOG_UNREACHABLE` (kind
 * `network`), `RECORD_INVALID` (kind `verification`)
 */
export async function resolvePackage(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  choice: Choice = {},
): Promise<Resolved> {
  const ahead = new HeadStart(operations, options.signal);
  try {
    return await resolveWith(operations, ahead, wanted, options, choice);
  } finally {
    ahead.end();
  }
}

async function resolveWith(
  operations: Operations,
  ahead: HeadStart,
  wanted: Wanted,
  options: FindOptions,
  choice: Choice,
): Promise<Resolved> {
  const { publicKey, name, range } = wanted;
  const isExact = range !== undefined && semver.valid(range) === range;
  const onShown = (version: string) => (item: MutableItem) =>
    choice.onShown?.({
      minimal: minimalOf(item, { name, version }),
      webSeeds: webSeedsOfRecord(item),
    });
  const versions = isExact ? [range] : await versionsFor(operations, wanted, options, {
    ...choice,
    onLikely: (version) =>
      ahead.begin({ publicKey, salt: manifestSalt(name, version) }, onShown(version)),
  });
  const skipped: SkippedVersion[] = [];
  let missing: FetchingError | undefined;
  for (const version of versions) {
    const isReplacement = missing !== undefined || (choice.without?.size ?? 0) > 0;
    if (isReplacement && choice.mayReplace?.(version) === false) break;
    const label = `${name}@${version} of ${formatPublicKey(publicKey)}`;
    const salt = manifestSalt(name, version);
    try {
      const key = { publicKey, salt };
      const { item, counts } = await findRecord(ahead, key, label, options, onShown(version));
      const minimal = minimalOf(item, { name, version });
      const webSeeds = webSeedsOfRecord(item);
      const magnet = magnetOf(minimal, webSeeds);
      return { minimal, magnet, webSeeds, seq: item.seq, counts, skipped };
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
 * Returns the version that a request without a range gets: the highest stable version of the publisher's
 * package. If the version in the name's index is stable, that version is returned without a lookup. If it
 * is a prerelease, the publisher's list is read.
 *
 * @param newest `version`: the version in the name's index
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

/**
 * Returns the versions to try, in descending order. There are no more than
 * {@linkcode MAX_VERSIONS_TRIED}.
 *
 * @param choice `onLikely`: called with the version that will be tried first if no DHT node shows a newer
 * list than the nodes before
 */
async function versionsFor(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  { offers = new OfferCache(), without = new Set(), onLikely }: Choice & {
    onLikely: (version: string) => void;
  },
): Promise<string[]> {
  const { publicKey } = wanted;
  const offer = await offers.of(
    publicKey,
    () =>
      readOffer(operations, publicKey, options, (shown) => {
        const [likely] = fittingVersions(shown, wanted).fitting.filter((one) => !without.has(one));
        if (likely !== undefined) onLikely(likely);
      }),
  );
  const { highest, fitting } = fittingVersions(offer, wanted);
  if (fitting.length === 0) throw notFound(wanted, highest, [...offer.keys()]);
  return fitting.filter((version) => !without.has(version))
    .slice(0, Math.max(MAX_VERSIONS_TRIED - without.size, 0));
}

/**
 * Returns all versions of a package in a publisher's offer, and those that fit the request, each in
 * descending order.
 */
function fittingVersions(
  offer: Offer,
  { name, range }: Wanted,
): { highest: string[]; fitting: string[] } {
  // Publishers may list versions that are invalid semver; such versions are ignored.
  const listed = (offer.get(name) ?? []).filter(isValidVersion);
  const highest: string[] = semver.rsort([...listed]);
  const fitting = highest.filter((version) =>
    isNewest(range) ? semver.prerelease(version) === null : semver.satisfies(version, range!)
  );
  // If a package has only prereleases, the newest prerelease is used.
  if (fitting.length === 0 && isNewest(range) && range !== LATEST) fitting.push(...highest);
  return { highest, fitting };
}

/**
 * Creates the error for a package without a matching version.
 *
 * @param versions all versions of the package, in descending order
 * @param names all package names of the publisher; the most similar name is suggested to the user
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
  // A similar name of this publisher is a better suggestion than a similar name of another publisher.
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
