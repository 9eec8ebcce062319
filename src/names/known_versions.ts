/**
 * The versions of a package that its publisher lists, with the dates in their manifests, and those in the
 * seed directory.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import {
  datesInRecords,
  flagsOfVersion,
  magnetOf,
  readOffers,
  satisfiesRange,
  type VersionFlags,
  type WantedOffer,
  webSeedsBeside,
} from "../fetching/mod.ts";
import { formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { NamesContext } from "./context.ts";
import type { ResolvedByName, WantedByName } from "./resolve_by_name.ts";

/** A version that a publisher lists, with its flags. */
export interface KnownVersion extends VersionFlags {
  version: string;
  /** Time of signing by the version's manifest, Unix milliseconds; absent if it was not found. */
  timestampMs?: number;
}

/**
 * Maximum number of versions whose dates are looked up in the DHT. A lookup costs some 3 kB, and `info` of a
 * large package should cost no more than 300 kB.
 */
const MAX_LOOKED_UP = 3;

/** A package in the seed directory, as a lookup would have found it. */
export type PresentPackage = Pick<ResolvedByName, "minimal" | "publicKey" | "webSeeds" | "magnet">;

/**
 * Returns all versions of a package, the highest first, from the list that its publisher has signed. Dates
 * are those of the manifests in the publisher's catalog, in the seed directory, and in the stored list of a
 * followed publisher. Without a catalog, the manifest records of the highest versions are looked up.
 *
 * @returns `undefined` if the list was not found
 */
export async function knownVersions(
  { operations, state, finding, offers }: NamesContext,
  seeds: SeedDirectory,
  { minimal, publicKey }: Pick<ResolvedByName, "minimal" | "publicKey">,
): Promise<KnownVersion[] | undefined> {
  const read = (wanted: WantedOffer) =>
    readOffers(operations, offers.records, publicKey, { ...finding, ...wanted });
  const found = await offers.of(publicKey, minimal.name, read).catch((error) => {
    if (error instanceof LibreseedError) return undefined;
    throw error;
  });
  if (!found?.some(({ packages }) => packages.has(minimal.name))) return undefined;
  const { versions: listed = [], flags, keysOf } = offers.settle(minimal.name, found);
  const dates = new Map([[minimal.version, minimal.timestamp]]);
  const indexed = await Promise.all(
    found.map(async ({ index }) => await index?.manifestsOf(minimal.name).catch(() => []) ?? []),
  );
  const others = [
    // The first key in the publisher record decides if two keys list one version, so its date is set
    // last.
    ...found.flatMap(({ manifests = [] }, index) => [...manifests, ...indexed[index]!]).reverse(),
    ...state.follows.ofPublisher(publicKey),
    ...(await seeds.list(minimal.name)).flatMap((entry) =>
      entry.problem === undefined ? [entry.minimal] : []
    ),
  ].filter((one) =>
    one.name === minimal.name && one.pubkey === minimal.pubkey && offers.trust.accepts(one)
  );
  for (const { version, timestamp } of others) dates.set(version, timestamp);
  const versions: string[] = semver.rsort(listed.filter((one) => semver.valid(one) !== null));
  const undated = versions.filter((version) => !dates.has(version)).slice(0, MAX_LOOKED_UP)
    .flatMap((version) => keysOf(version).slice(0, 1).map((key) => ({ version, key })));
  const wanted = { publicKey, name: minimal.name };
  const lookedUp = await datesInRecords(operations, offers.trust, wanted, undated, finding);
  for (const [version, date] of lookedUp) dates.set(version, date);
  return versions.map((version) => {
    const timestampMs = dates.get(version);
    return {
      version,
      ...(timestampMs !== undefined && { timestampMs }),
      ...flagsOfVersion(flags, version),
    };
  });
}

/**
 * Returns the highest version of a package in the seed directory that fits a request, and whose key is not
 * revoked. For a name without a key, the publisher has to be pinned, or to be this home's own.
 *
 * @returns `undefined` if there is none
 */
export async function presentPackage(
  { state, offers: { trust }, ownKey }: Pick<NamesContext, "state" | "offers" | "ownKey">,
  seeds: SeedDirectory,
  { publicKey, name, range }: WantedByName,
): Promise<PresentPackage | undefined> {
  const pinned = state.pins.list(name).map((pin) => pin.publicKey);
  // Without a pin, our own key needs none.
  const known = pinned.length === 0 && ownKey ? [ownKey] : pinned;
  const keys = publicKey ? [publicKey] : known;
  const publishers = keys.map(formatPublicKey);
  const fitting = (await seeds.list(name)).flatMap((entry) =>
    entry.problem === undefined && entry.name === name &&
      publishers.includes(entry.minimal.pubkey) && satisfiesRange(entry.version, range) &&
      trust.accepts(entry.minimal)
      ? [entry]
      : []
  );
  const [entry] = fitting.sort((a, b) => semver.rcompare(a.version, b.version));
  if (!entry) return undefined;
  const { minimal } = entry;
  const webSeeds = await webSeedsBeside(entry.torrentPath);
  const magnet = magnetOf(minimal, webSeeds);
  return { minimal, publicKey: parsePublicKey(minimal.pubkey), webSeeds, magnet };
}
