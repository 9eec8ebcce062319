/**
 * Removes unreferenced packages from the store, by mark and sweep. The roots are lock files, links,
 * and packages that the user installed by name.
 *
 * @module
 */

import { parseRequirement, type Requirement } from "../fetching/mod.ts";
import {
  packageId,
  type PackageStore,
  readLinks,
  type StoredPackage,
  type StoreEntry,
} from "../store/mod.ts";
import { label } from "./dependency_graph.ts";
import { InstallError } from "./errors.ts";
import { type LockFile, readLockFile } from "./lock_file.ts";
import { removeFromLock } from "./project_lock.ts";
import { linkedPackage, listStored, pickStored } from "./stored.ts";

/**
 * Finds the references to each package. `needed` maps a package's id to descriptions of its
 * references, for messages. A root whose lock file or link no longer exists is listed as stale.
 *
 * @throws {InstallError} `LOCK_INVALID`, because an unreadable lock file could refer to any package
 */
async function findReferences(
  store: PackageStore,
): Promise<{ needed: Map<string, string[]>; staleRoots: string[] }> {
  const needed = new Map<string, string[]>();
  const staleRoots: string[] = [];
  const refer = (id: string, by: string) => {
    const others = needed.get(id);
    if (others) others.push(by);
    else needed.set(id, [by]);
  };
  const { packages } = await listStored(store);
  for (const { id, direct } of packages) if (direct) refer(id, "installed by its name");
  for (const path of await store.roots.list()) {
    const linked = await linkedPackage(store, path);
    const lock = linked === undefined ? await readRoot(path) : undefined;
    if (linked !== undefined) refer(linked, `link ${path}`);
    else if (!lock) staleRoots.push(path);
    for (const { minimal } of lock?.packages.values() ?? []) refer(packageId(minimal), path);
  }
  // The dependencies of a referenced package count as referenced, too. The links in the package's
  // directory lead to its dependencies.
  const byId = new Map(packages.map((entry) => [entry.id, entry]));
  const pending = [...needed.keys()];
  const seen = new Set<string>();
  for (let id; (id = pending.pop()) !== undefined;) {
    const entry = byId.get(id);
    if (!entry || seen.has(id)) continue;
    seen.add(id);
    for (const dependency of (await readLinks(entry.directory)).values()) {
      refer(dependency, label(entry));
      pending.push(dependency);
    }
  }
  return { needed, staleRoots };
}

/** Reads the lock file that a root refers to; `undefined` if the lock file no longer exists. */
async function readRoot(path: string): Promise<LockFile | undefined> {
  const isLink = await Deno.readLink(path).then(() => true, () => false);
  const isDirectory = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  // The registered link was replaced by a directory, or by a link that libreseed did not make.
  // Neither is a lock file.
  return isLink || isDirectory ? undefined : await readLockFile(path);
}

/** The outcome of {@linkcode pruneStore}: the removed packages, and the number of kept packages. */
export interface Pruned {
  /**
   * The removed packages, including damaged ones. With `dryRun`: the packages that would be
   * removed.
   */
  removed: StoreEntry[];
  kept: number;
}

/**
 * Removes all unreferenced packages from the store. A package is referenced by a project's lock
 * file, by a link made with `libreseed link`, by an installation by name, or as a dependency of a
 * referenced package.
 *
 * @param dryRun whether to return the unreferenced packages without removing them
 * @throws {InstallError} `LOCK_INVALID`
 * @throws {StoreError} `DIRECTORY_BUSY` while another command installs packages
 */
export async function pruneStore(
  store: PackageStore,
  { dryRun = false, signal }: { dryRun?: boolean; signal?: AbortSignal } = {},
): Promise<Pruned> {
  await store.ensure();
  using _lock = await store.lock("remove", signal);
  const { needed, staleRoots } = await findReferences(store);
  const entries = await store.list();
  const removed = entries.filter(({ id, direct }) => !needed.has(id) && !direct);
  if (!dryRun) {
    for (const path of staleRoots) await store.roots.delete(path);
    for (const entry of removed) {
      signal?.throwIfAborted();
      await store.remove(entry);
    }
  }
  return { removed, kept: entries.length - removed.length };
}

/** The outcome of {@linkcode uninstall}, which undoes an installation by name. */
export interface Uninstalled {
  entry: StoredPackage;
  /** References that keep the package in the store; empty if the package was removed. */
  neededBy: string[];
}

/**
 * Undoes an installation by name. Removes the package from the store unless another reference keeps
 * it. Its dependencies stay in the store until {@linkcode pruneStore} removes them.
 *
 * @param options `lockPath`: a lock file from which the requirement is removed, too;
 *   `stagingPath`: the temporary file beside it
 * @throws {InstallError} `NOT_INSTALLED`, `PACKAGE_AMBIGUOUS`, `LOCK_MISSING`, `NOT_IN_LOCK`,
 * `LOCK_INVALID`; `PACKAGE_NEEDED` if the package was not installed by name and has other
 * references
 */
export async function uninstall(
  store: PackageStore,
  requirement: Requirement,
  { lockPath, stagingPath, signal }: {
    lockPath?: string;
    stagingPath?: string;
    signal?: AbortSignal;
  } = {},
): Promise<Uninstalled> {
  await store.ensure();
  using _lock = await store.lock("remove", signal);
  let wanted = requirement;
  if (lockPath !== undefined) {
    const locked = await removeFromLock(store, { lockPath, stagingPath }, requirement, signal);
    wanted = parseRequirement(locked);
  }
  const entry = await pickStored(store, wanted);
  if (entry.direct) await store.setDirect(entry, false);
  const neededBy = (await findReferences(store)).needed.get(entry.id) ?? [];
  if (neededBy.length === 0) await store.remove(entry);
  else if (!entry.direct && lockPath === undefined) {
    throw new InstallError(
      "failed",
      "PACKAGE_NEEDED",
      `${label(entry)} stays, for it is needed by ${neededBy.join(", ")}. Remove that first; ` +
        "`--save` takes the package out of this project's lock file",
      { detail: { neededBy } },
    );
  }
  return { entry, neededBy };
}
