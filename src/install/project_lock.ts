/**
 * Rewriting a project's lock file, by one process at a time, and finding in it what the user names.
 *
 * @module
 */

import { fits, formatRequirement, type Requirement, requirementKey } from "../fetching/mod.ts";
import type { PackageStore } from "../store/mod.ts";
import type { Graph } from "./dependency_graph.ts";
import { InstallError } from "./errors.ts";
import { type LockFile, lockWith, lockWithout, readLockFile, writeLockFile } from "./lock_file.ts";

/**
 * The lock file that has to be there.
 *
 * @throws {InstallError} `LOCK_MISSING` (kind `not-found`), `LOCK_INVALID`
 */
export async function requireLockFile(path: string): Promise<LockFile> {
  const lock = await readLockFile(path);
  if (lock) return lock;
  throw new InstallError(
    "not-found",
    "LOCK_MISSING",
    `There is no ${path}. \`libreseed install --save NAME\` writes one`,
    { detail: { path } },
  );
}

/**
 * Adds what was installed to the lock file, which is made if it is not there, and has the store
 * remember it.
 *
 * @throws {InstallError} `LOCK_INVALID`
 * @throws {StoreError} those of the disk
 */
export async function saveToLock(
  store: PackageStore,
  path: string,
  graph: Graph,
  signal?: AbortSignal,
): Promise<void> {
  using _lock = await store.lockSaving(signal);
  const lock = lockWith(await readLockFile(path, signal), graph);
  // First: a lock file that the store does not know of would not keep its packages.
  await store.roots.add(path);
  await store.tidyBeside(path);
  await writeLockFile(path, lock);
}

/**
 * Takes one requirement out of the lock file, and what only that one needed.
 *
 * @returns the `KEY/NAME@VERSION` that it had
 * @throws {InstallError} `LOCK_MISSING`, `LOCK_INVALID`, `NOT_IN_LOCK` (kind `not-found`)
 */
export async function removeFromLock(
  store: PackageStore,
  path: string,
  requirement: Requirement,
  signal?: AbortSignal,
): Promise<string> {
  using _lock = await store.lockSaving(signal);
  const lock = await requireLockFile(path);
  const key = lockedKey(lock, requirement, path);
  await store.tidyBeside(path);
  await writeLockFile(path, lockWithout(lock, key));
  return lock.requirements.get(key)!.ref;
}

/**
 * The key in a lock file's requirements that somebody means. A name without a publisher means the one
 * of that name, and a range has to be satisfied by what is locked.
 *
 * @throws {InstallError} `NOT_IN_LOCK` (kind `not-found`), with what the lock file holds instead
 */
export function lockedKey(lock: LockFile, requirement: Requirement, path: string): string {
  const { name, publisher, range } = requirement;
  const sameName = [...lock.requirements].filter(([, { requirement }]) =>
    requirement.name === name && (publisher === undefined || publisher === requirement.publisher)
  ).map(([key]) => key);
  const exact = requirementKey(requirement);
  const key = lock.requirements.has(exact)
    ? exact
    : sameName.length === 1
    ? sameName[0]
    : undefined;
  const asked = formatRequirement(requirement);
  const missing = (why: string) =>
    new InstallError("not-found", "NOT_IN_LOCK", `${path} does not hold ${asked}${why}`, {
      detail: { path, ...(sameName.length === 0 && { unknownName: name }) },
    });
  if (key === undefined) {
    const choices = sameName.length > 0 ? sameName : [...lock.requirements.keys()].sort();
    throw missing(choices.length > 0 ? `; it holds ${choices.join(", ")}` : "; it is empty");
  }
  const { version } = lock.packages.get(lock.requirements.get(key)!.ref)!.minimal;
  if (!fits(version, range)) throw missing(`: ${name} is locked at ${version}`);
  return key;
}
