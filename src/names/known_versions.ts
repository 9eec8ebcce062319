/**
 * The versions of a package that this home knows: those in the publisher's signed list, with the dates in
 * the manifests that this home has, and those in the seed directory.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import {
  flagsOfVersion,
  magnetOf,
  readOffers,
  satisfiesRange,
  type VersionFlags,
  webSeedsBeside,
} from "../fetching/mod.ts";
import { formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { NamesContext } from "./context.ts";
import type { ResolvedByName, WantedByName } from "./resolve_by_name.ts";

/** A version that a publisher lists, with its flags. */
export interface KnownVersion extends VersionFlags {
  version: string;
  /** Time of signing, Unix milliseconds; absent if this home has not read the version's manifest. */
  timestampMs?: number;
}

/** A package in the seed directory, as a lookup would have found it. */
export type PresentPackage = Pick<ResolvedByName, "minimal" | "publicKey" | "webSeeds" | "magnet">;

/**
 * Returns all versions of a package, the highest first, from the list that its publisher has signed. A
 * version has a date if its manifest was looked up, is in the seed directory, or is in the stored list of
 * a followed publisher.
 *
 * @returns `undefined` if the list was not found
 */
export async function knownVersions(
  { operations, state, finding, offers }: NamesContext,
  seeds: SeedDirectory,
  { minimal, publicKey }: Pick<ResolvedByName, "minimal" | "publicKey">,
): Promise<KnownVersion[] | undefined> {
  const read = () => readOffers(operations, offers.records, publicKey, finding);
  const found = await offers.of(publicKey, read).catch((error) => {
    if (error instanceof LibreseedError) return undefined;
    throw error;
  });
  if (!found?.some(({ packages }) => packages.has(minimal.name))) return undefined;
  const { versions: listed = [], flags } = offers.settle(minimal.name, found);
  const dates = new Map([[minimal.version, minimal.timestamp]]);
  const others = [
    ...state.follows.ofPublisher(publicKey),
    ...(await seeds.list(minimal.name)).flatMap((entry) =>
      entry.problem === undefined ? [entry.minimal] : []
    ),
  ];
  for (const { name, version, pubkey, timestamp } of others) {
    if (name === minimal.name && pubkey === minimal.pubkey) dates.set(version, timestamp);
  }
  const versions: string[] = semver.rsort(listed.filter((one) => semver.valid(one) !== null));
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
 * revoked. For a name without a key, the publisher has to be pinned.
 *
 * @returns `undefined` if there is none
 */
export async function presentPackage(
  { state, offers: { trust } }: Pick<NamesContext, "state" | "offers">,
  seeds: SeedDirectory,
  { publicKey, name, range }: WantedByName,
): Promise<PresentPackage | undefined> {
  const keys = publicKey ? [publicKey] : state.pins.list(name).map((pin) => pin.publicKey);
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
