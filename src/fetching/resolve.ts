/**
 * Resolves a publisher, a package name and a version range to the minimal manifest of one version.
 *
 * @module
 */

import semver from "semver";
import { equalBytes, LibreseedError, NO_FLAGS, type PackageFlags } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { manifestSalt, type SigningKey } from "../records/mod.ts";
import { fittingVersions, noFittingVersion } from "./choose_version.ts";
import { FetchingError } from "./errors.ts";
import type { FindOptions } from "./find_record.ts";
import { findManifest, type FoundManifest, shownBy, type ShownManifest } from "./find_manifest.ts";
import { HeadStart } from "./head_start.ts";
import { KnownFlags } from "./known_flags.ts";
import { type MergedOffer, mergeOffers } from "./merge_offers.ts";
import { type Offer, readOffers, type WantedOffer } from "./offer.ts";
import type { OfferCache } from "./offer_cache.ts";
import type { LookupCounts } from "./record_lookup.ts";

/** A request for a package of a known publisher. */
export interface Wanted {
  /** The publisher's key, 32 bytes. */
  publicKey: Uint8Array;
  name: string;
  /** An exact version, a semver range, or a tag. If absent, any version is accepted. */
  range?: string;
  /**
   * A key that signs for the publisher by a certificate that the caller has verified. A reader that does
   * not know the publisher's keys yet asks under this one first.
   */
  hint?: SigningKey;
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
  /** BEP 44 sequence number of the manifest record; absent if the manifest was in the catalog. */
  seq?: number;
  /** Node counts of the lookup of the manifest record. */
  counts: LookupCounts;
  /** Higher versions that satisfy the range but have no record in the DHT. */
  skipped: SkippedVersion[];
  /**
   * Flags of the package, as far as they are known: by the publisher's list, or by a newer list that
   * this home has seen. For an exact version they are empty unless {@linkcode Choice.readFlags} is set.
   */
  flags: PackageFlags;
}

/** Options for choosing a version of a package. */
export interface Choice {
  /** Cache of the offers that this command has read, and what the home knows of publishers' keys. */
  offers: OfferCache;
  /** Versions that are known to be unavailable and must not be chosen. */
  without?: ReadonlySet<string>;
  /**
   * Whether a version may be returned in place of an unavailable higher version. By default every version
   * may.
   */
  mayReplace?: (version: string, flags: PackageFlags) => boolean;
  /**
   * Whether the flags of an exact version are read too, so that the user can be warned. They are looked
   * up beside the manifest. If they do not come in time, the version is resolved without them.
   */
  readFlags?: boolean;
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

/**
 * Resolves a package to its verified minimal manifest. For a range, chooses the highest version listed in
 * the publisher's announce records, or the next lower version if the higher one has no record in the DHT.
 * An exact version is never replaced by another version.
 *
 * @throws {FetchingError} `RECORD_NOT_FOUND`, whose `detail` has a `version` if a version is listed but has
 * no record; `VERSION_NOT_FOUND` (kind `not-found`), `DHT_UNREACHABLE`, `CATALOG_UNREACHABLE` (kind
 * `network`), `RECORD_INVALID` (kind `verification`)
 * @throws {TrustError} `KEY_REVOKED`, `CERTIFICATE_NOT_YET` (kind `verification`)
 */
export async function resolvePackage(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  choice: Choice,
): Promise<Resolved> {
  const ahead = new HeadStart(operations, options.signal);
  try {
    return await resolveWith(
      { ...operations, lookUp: ahead.lookUp },
      ahead,
      wanted,
      options,
      choice,
    );
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
  const { name, range } = wanted;
  const isExact = range !== undefined && semver.valid(range) === range;
  const { offers, without } = choice;
  const exactFlags = isExact && choice.readFlags
    ? new KnownFlags(operations, wanted, options, offers)
    : undefined;
  const listed = isExact ? undefined : await versionsFor(operations, wanted, options, {
    ...choice,
    onLikely: (version, { key }) =>
      ahead.begin(
        { publicKey: key, salt: manifestSalt(name, version) },
        shownBy({ ...wanted, version }, offers.trust, choice.onShown),
      ),
  });
  const { versions, flags } = listed ?? { versions: [range!], flags: NO_FLAGS };
  const skipped: SkippedVersion[] = [];
  let missing: FetchingError | undefined;
  for (const version of versions) {
    const isReplacement = missing !== undefined || (without?.size ?? 0) > 0;
    if (isReplacement && choice.mayReplace?.(version, flags) === false) break;
    try {
      const found: FoundManifest = await findManifest(
        operations,
        offers.records,
        {
          ...wanted,
          version,
          keys: listed?.keysOf(version),
          line: listed && ((signal) => lineOf(listed, name, version, signal)),
        },
        options,
        choice.onShown,
      );
      const known = exactFlags ? await exactFlags.inTime() : flags;
      return { ...found, skipped, flags: known };
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
  throw missing ?? noFittingVersion(wanted, undefined);
}

/**
 * Returns the version that a request without a range gets, for a publisher in a name's index: the one
 * with the tag `latest`, otherwise the highest stable version that is not yanked.
 *
 * @param newest `version`: the version in the name's index. If it is stable, it is returned when the
 * publisher's list cannot be read
 * @returns `undefined` if no version is available
 */
export async function plainVersion(
  operations: Operations,
  { publicKey, name, version }: { publicKey: Uint8Array; name: string; version: string },
  options: FindOptions,
  choice: Choice,
): Promise<string | undefined> {
  const { offers } = choice;
  try {
    const read = (wanted: WantedOffer) =>
      readOffers(operations, offers.records, publicKey, { ...options, ...wanted });
    const offer = offers.settle(name, await offers.of(publicKey, name, read));
    const [first] = fittingVersions(offer, undefined);
    if (first === version) return version;
    return (await resolvePackage(operations, { publicKey, name }, options, choice)).minimal.version;
  } catch (error) {
    if (!(error instanceof LibreseedError)) throw error;
    const isListLost = error.code === "RECORD_NOT_FOUND" || error.kind === "network";
    return isListLost && semver.prerelease(version) === null ? version : undefined;
  }
}

/**
 * Returns the versions to try, in the order in which to try them, the keys that list each, and the flags of
 * the package. There are no more than {@linkcode MAX_VERSIONS_TRIED} versions.
 *
 * @param choice `onLikely`: called with the version that will be tried first if no DHT node shows a newer
 * list than the nodes before, and with the key that lists the version
 */
async function versionsFor(
  operations: Operations,
  wanted: Wanted,
  options: FindOptions,
  { offers, without = new Set(), onLikely }: Choice & {
    onLikely: (version: string, key: SigningKey) => void;
  },
): Promise<Listed> {
  const { publicKey, name, range, hint } = wanted;
  const shown = new Map<SigningKey, Offer>();
  const seenSeq = (key: Uint8Array) => offers.seenSeq(key, name);
  const read = await offers.of(
    publicKey,
    name,
    (wanted) =>
      readOffers(
        operations,
        offers.records,
        publicKey,
        { ...options, hint, seenSeq, ...wanted },
        (offer) => {
          shown.set(offer.key, offer);
          const inOrder = (offers.trust.signingKeys(publicKey) ?? [offer.key])
            .flatMap(({ key }) =>
              [...shown.values()].filter((one) => equalBytes(one.key.key, key))
            );
          const merged = mergeShown(name, inOrder);
          const [likely] = fittingVersions(merged, range).filter((one) => !without.has(one));
          const [key] = likely === undefined ? [] : merged.keysOf(likely);
          if (key) onLikely(likely!, key);
        },
      ),
  );
  const offer = offers.settle(name, read);
  const fitting = fittingVersions(offer, range);
  const names = read.flatMap(({ packages }) => [...packages.keys()]);
  if (fitting.length === 0) throw noFittingVersion(wanted, offer, names);
  const versions = fitting.filter((version) => !without.has(version))
    .slice(0, Math.max(MAX_VERSIONS_TRIED - without.size, 0));
  return { versions, read, flags: offer.flags, keysOf: offer.keysOf };
}

/** The versions to try, and the offers that list them. */
type Listed =
  & { versions: string[]; read: readonly Offer[] }
  & Pick<MergedOffer, "flags" | "keysOf">;

/**
 * Returns the manifest of a version in the catalog of the first key that lists it, if there is one. Of a
 * long catalog the piece with the manifest is fetched.
 */
async function lineOf(
  { read, keysOf }: Listed,
  name: string,
  version: string,
  signal: AbortSignal,
): Promise<MinimalManifest | undefined> {
  const [first] = keysOf(version);
  const listing = read.find(({ key }) => first && equalBytes(key.key, first.key));
  return listing?.manifests?.find((one) => one.name === name && one.version === version) ??
    await listing?.index?.manifestOf(name, version, signal);
}

/** Merges the offers that nodes have shown so far. */
function mergeShown(name: string, offers: readonly Offer[]): MergedOffer {
  return mergeOffers(
    name,
    offers.map(({ key, packages, flags }) => ({
      key,
      ofName: { versions: packages.get(name), flags: flags.get(name) ?? NO_FLAGS },
    })),
  );
}
