/**
 * The versions of one package that this home knows: those of the seed directory, and those in the stored
 * lists of the publisher. Nothing is asked of the network.
 *
 * @module
 */

import { NO_FLAGS } from "../../base/mod.ts";
import type { VersionJson } from "../../control/mod.ts";
import { flagsOfVersion } from "../../fetching/mod.ts";
import { parsePublicKey } from "../../identity/mod.ts";
import { isNewerVersion, isValidVersion, type MinimalManifest } from "../../package/mod.ts";
import type { SeededVersion, StateDatabase } from "../../store/mod.ts";

/** Maximum number of versions that are shown. A publisher may list any number. */
const MAX_VERSIONS = 1_000;

/**
 * Lists the versions of a manifest's package by the same publisher, newest first: prereleases after
 * releases, at most 1,000.
 *
 * @param seeded the verified archives of the package, by any publisher
 * @param isSeeding whether the archive at a path is seeded
 */
export function knownVersionsOf(
  minimal: MinimalManifest,
  seeded: readonly SeededVersion[],
  { state, isSeeding }: {
    state: Pick<StateDatabase, "follows" | "offers">;
    isSeeding: (path: string) => boolean;
  },
): VersionJson[] {
  const { pubkey, name } = minimal;
  const offer = state.offers.ofManifest(minimal);
  const flags = offer?.flags ?? NO_FLAGS;
  const found = new Map<string, { lengthBytes?: number; seeding: boolean }>();
  for (const version of offer?.versions ?? []) found.set(version, { seeding: false });
  for (const { version, lengthBytes } of state.follows.versionsOf(parsePublicKey(pubkey), name)) {
    found.set(version, { lengthBytes, seeding: false });
  }
  for (const { version, lengthBytes, pubkey: theirs, path } of seeded) {
    if (theirs === pubkey) found.set(version, { lengthBytes, seeding: isSeeding(path) });
  }
  const versions = [...found.keys()].filter(isValidVersion)
    .sort((a, b) => isNewerVersion(a, b) ? -1 : isNewerVersion(b, a) ? 1 : 0)
    .slice(0, MAX_VERSIONS);
  return versions.map((version) => ({
    version,
    ...found.get(version)!,
    tags: [],
    ...flagsOfVersion(flags, version),
  }));
}
