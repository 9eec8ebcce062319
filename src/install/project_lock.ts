/**
 * Updates a project's lock file, one process at a time, so that no change is lost. Also finds a
 * requirement in a lock file.
 *
 * @module
 */

import {
  formatRequirement,
  type Requirement,
  requirementKey,
  satisfiesRange,
} from "../fetching/mod.ts";
import type { PackageStore } from "../store/mod.ts";
import type { Graph } from "./dependency_graph.ts";
import { InstallError } from "./errors.ts";
import { type LockFile, readLockFile, writeLockFile } from "./lock_file.ts";
import { lockWith, lockWithout } from "./lock_graph.ts";

/** A project's lock file that a command rewrites. */
export interface SavedLock {
  /** Path of the lock file. */
  lockPath: string;
  /** Path of the temporary file beside it; default: a new random name. */
  stagingPath?: string;
}

/**
 * Reads a lock file; a missing file is an error.
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
 * Adds the packages of an installation to the lock file, which is created if it is missing.
 * Registers the lock file as a root of the store, so that `store prune` keeps its packages.
 *
 * @throws {InstallError} `LOCK_INVALID`
 * @throws {StoreError} disk errors
 */
export async function saveToLock(
  store: PackageStore,
  { lockPath: path, stagingPath }: SavedLock,
  graph: Graph,
  signal?: AbortSignal,
): Promise<void> {
  using _lock = await store.lockSaving(signal);
  const lock = lockWith(await readLockFile(path, signal), graph);
  // Register the root before the file is written: `store prune` ignores unregistered lock files.
  await store.roots.add(path);
  await store.tidyBeside(path);
  await writeLockFile(path, lock, stagingPath);
}

/**
 * Removes one requirement from the lock file, and the packages that only this requirement needed.
 *
 * @returns `KEY/NAME@VERSION` of the package that was locked for the requirement
 * @throws {InstallError} `LOCK_MISSING`, `LOCK_INVALID`, `NOT_IN_LOCK` (kind `not-found`)
 */
export async function removeFromLock(
  store: PackageStore,
  { lockPath: path, stagingPath }: SavedLock,
  requirement: Requirement,
  signal?: AbortSignal,
): Promise<string> {
  using _lock = await store.lockSaving(signal);
  const lock = await requireLockFile(path);
  const key = lockedKey(lock, requirement, path);
  await store.tidyBeside(path);
  await writeLockFile(path, lockWithout(lock, key), stagingPath);
  return lock.requirements.get(key)!.ref;
}

/**
 * Finds a requirement in a lock file and returns its key, `[KEY/]NAME`. A bare name also matches a
 * requirement with a publisher's key if no other has that name. The locked version must satisfy the
 * range.
 *
 * @throws {InstallError} `NOT_IN_LOCK` (kind `not-found`), listing the requirements of the file
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
  if (!satisfiesRange(version, range)) throw missing(`: ${name} is locked at ${version}`);
  return key;
}
