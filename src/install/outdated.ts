/**
 * Compares the packages that a project or a user has with the versions that their publishers list.
 *
 * A requirement of a lock file has the range that was asked for. An installed package has none, so its
 * range is that of the compatible versions, `^VERSION`.
 *
 * @module
 */

import semver from "semver";
import { type Requirement, satisfiesRange } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import type { PackageStore, StoredPackage } from "../store/mod.ts";
import { InstallError } from "./errors.ts";
import type { LockFile } from "./lock_file.ts";
import { lockedKey } from "./project_lock.ts";
import { listStored, storedLike } from "./stored.ts";

/** A package that a project or a user has, and the requirement that it satisfies. */
export interface Held {
  requirement: Requirement;
  minimal: MinimalManifest;
  /** The package in the store; present if the package was installed by name, without a lock file. */
  entry?: StoredPackage;
}

/**
 * A held package, and its newest versions. Neither is lower than the held version, unless its key is
 * revoked; one is absent then if there is none.
 */
export interface Newest extends Held {
  /** The version that the requirement would get now. */
  wanted?: string;
  /** The version that a requirement without a range would get now. */
  latest?: string;
  /** Whether the key that signed the held version is revoked. */
  isRevoked: boolean;
}

/**
 * Returns the requirements of a lock file with their packages.
 *
 * @param asked only these requirements; if empty, all
 * @throws {InstallError} `NOT_IN_LOCK` (kind `not-found`)
 */
export function heldByLock(
  lock: LockFile,
  asked: readonly Requirement[],
  lockPath: string,
): Held[] {
  const keys = asked.length === 0
    ? lock.requirements.keys()
    : new Set(asked.map((one) => lockedKey(lock, one, lockPath)));
  return [...keys].map((key) => {
    const { requirement, ref } = lock.requirements.get(key)!;
    return { requirement, minimal: lock.packages.get(ref)!.minimal };
  });
}

/**
 * Returns the packages in the store that were installed by name, of each one the highest version.
 *
 * @param asked only these packages; if empty, all
 * @throws {InstallError} `NOT_INSTALLED` (kind `not-found`)
 */
export async function heldByName(
  store: PackageStore,
  asked: readonly Requirement[],
): Promise<Held[]> {
  const named = (await listStored(store)).packages.filter(({ direct }) => direct);
  const found = asked.length === 0 ? named : asked.flatMap((requirement) => {
    const some = storedLike(named, requirement);
    if (some.length > 0) return some;
    const { name } = requirement;
    const message = `No package ${name} was installed by its name`;
    const detail = { unknownName: name };
    throw new InstallError("not-found", "NOT_INSTALLED", message, { detail });
  });
  const highest = new Map<string, StoredPackage>();
  // The packages are sorted by ascending version.
  for (const entry of named) {
    if (found.includes(entry)) highest.set(`${entry.publisher}/${entry.name}`, entry);
  }
  return [...highest.values()].map((entry) => {
    const { name, publisher, version, minimal } = entry;
    return { requirement: { name, publisher, range: `^${version}` }, minimal, entry };
  });
}

/**
 * Returns the newest versions of a held package.
 *
 * @param listed the newest versions in the publisher's list, which may be an old list that an attacker
 * has put again
 * @param isRevoked whether the key that signed the held version is revoked, so that a lower one is better
 */
export function newestOf(
  held: Held,
  listed: { wanted?: string; latest?: string },
  isRevoked = false,
): Newest {
  const { version } = held.minimal;
  if (isRevoked) return { ...held, wanted: listed.wanted, latest: listed.latest, isRevoked };
  const better = (other = version) => semver.gt(other, version) ? other : version;
  return { ...held, wanted: better(listed.wanted), latest: better(listed.latest), isRevoked };
}

/** Whether there is a newer version, in the range or beyond it, or the held version must not be used. */
export function isOutdated(
  { minimal: { version }, wanted, latest, isRevoked }: Newest,
): boolean {
  return isRevoked || wanted !== version || latest !== version;
}

/**
 * Returns the requirement of an upgrade: the one that was asked for or, beyond its range, `^LATEST`. A
 * range that the latest version satisfies stays as it was written.
 *
 * @param beyond whether versions beyond the range are wanted
 */
export function upgradeRequirement({ requirement, latest }: Newest, beyond: boolean): Requirement {
  if (!beyond || latest === undefined) return requirement;
  if (satisfiesRange(latest, requirement.range)) return requirement;
  return { ...requirement, range: `^${latest}` };
}
