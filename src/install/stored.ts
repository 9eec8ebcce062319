/**
 * Packages in the store as people name them: which one is meant, and who still needs which.
 *
 * @module
 */

import { basename, dirname, resolve } from "node:path";
import semver from "semver";
import {
  fits,
  formatRequirement,
  packageRef,
  parseRequirement,
  type Requirement,
} from "../fetching/mod.ts";
import { LATEST } from "../package/mod.ts";
import {
  isPackageId,
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

/** The packages of a store, by name and version, the highest version last; what is damaged, apart. */
export async function listStored(
  store: PackageStore,
): Promise<{ packages: StoredPackage[]; damaged: StoreEntry[] }> {
  const entries = await store.list();
  const packages = entries.filter((entry) => entry.problem === undefined);
  packages.sort((a, b) => {
    if (a.name !== b.name) return a.name < b.name ? -1 : 1;
    return semver.compare(a.version, b.version) || (a.publisher < b.publisher ? -1 : 1);
  });
  return { packages, damaged: entries.filter((entry) => entry.problem !== undefined) };
}

/** The packages in the store that a requirement can mean. */
export function storedLike(
  packages: readonly StoredPackage[],
  { publisher, name, range }: Requirement,
): StoredPackage[] {
  const fitting = packages.filter((entry) =>
    entry.name === name && fits(entry.version, range) &&
    (publisher === undefined || publisher === entry.publisher)
  );
  if (range !== LATEST) return fitting;
  return fitting.filter((entry) =>
    !fitting.some((other) =>
      other.publisher === entry.publisher && semver.gt(other.version, entry.version)
    )
  );
}

/**
 * The one package in the store that a requirement means.
 *
 * @throws {InstallError} `NOT_INSTALLED` (kind `not-found`), `PACKAGE_AMBIGUOUS` (kind `usage`)
 */
export async function pickStored(
  store: PackageStore,
  requirement: Requirement,
): Promise<StoredPackage> {
  const found = storedLike((await listStored(store)).packages, requirement);
  const asked = formatRequirement(requirement);
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new InstallError(
      "not-found",
      "NOT_INSTALLED",
      `${asked} is not in the store. \`libreseed install ${asked}\` puts it there`,
      { detail: { path: store.path, unknownName: requirement.name } },
    );
  }
  const choices = found.map(({ minimal }) => packageRef(minimal));
  throw new InstallError(
    "usage",
    "PACKAGE_AMBIGUOUS",
    `${asked} can mean ${found.length} packages in the store. Name one of them:\n` +
      choices.map((ref) => `  ${ref}`).join("\n"),
    { detail: { choices } },
  );
}

/** The id of the stored package to which a link in a project leads; `undefined` if it is none of ours. */
export async function linkedPackage(
  store: PackageStore,
  path: string,
): Promise<string | undefined> {
  let target: string;
  try {
    target = resolve(dirname(path), await Deno.readLink(path));
  } catch {
    // Nothing there, or no link.
    return undefined;
  }
  const id = basename(dirname(target));
  if (!isPackageId(id) || basename(target) !== basename(store.treePath(id))) return undefined;
  // The same home may have been named in two ways.
  const at = (directory: string) => Deno.realPath(directory).catch(() => directory);
  return await at(dirname(dirname(target))) === await at(store.path) ? id : undefined;
}

/**
 * Who needs what: for the id of each package that something refers to, what refers to it, for people.
 * Projects whose lock file is gone, and links that are gone or lead elsewhere, do not count.
 *
 * @throws {InstallError} `LOCK_INVALID`: a lock file that cannot be read could need anything
 */
async function findReferences(
  store: PackageStore,
): Promise<{ needed: Map<string, string[]>; staleRoots: string[] }> {
  const needed = new Map<string, string[]>();
  const staleRoots: string[] = [];
  const refer = (id: string, who: string) => {
    const others = needed.get(id);
    if (others) others.push(who);
    else needed.set(id, [who]);
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
  // What is needed needs others in turn.
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

/** The lock file at a remembered path; `undefined` if there is none any more. */
async function readRoot(path: string): Promise<LockFile | undefined> {
  const isLink = await Deno.readLink(path).then(() => true, () => false);
  const isDirectory = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  // Where one of our links was, there is something else now.
  return isLink || isDirectory ? undefined : await readLockFile(path);
}

/** What {@linkcode pruneStore} did, or would do. */
export interface Pruned {
  /** Packages that nothing refers to, and damaged ones. */
  removed: StoreEntry[];
  kept: number;
}

/**
 * Removes the packages that nothing refers to: no lock file of a project, no link that was made with
 * `link`, no installation by name, and no package that is itself referred to. Damaged ones too, unless
 * they are referred to.
 *
 * @param dryRun only says what it would remove
 * @throws {InstallError} `LOCK_INVALID`; {@linkcode StoreError} `DIRECTORY_BUSY` while something is
 * being installed
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

/** What {@linkcode uninstall} did. */
export interface Uninstalled {
  entry: StoredPackage;
  /** What still needs the package, so that it stays; empty if it was removed. */
  neededBy: string[];
}

/**
 * Takes back that a package was installed by its name, and removes it unless something needs it still.
 * What it depends on is left to {@linkcode pruneStore}.
 *
 * @param options `lockPath`: take it out of this lock file too
 * @throws {InstallError} `NOT_INSTALLED`, `PACKAGE_AMBIGUOUS`; `PACKAGE_NEEDED` if it is needed and
 * nothing was to be taken back; `LOCK_MISSING`, `NOT_IN_LOCK`, `LOCK_INVALID`
 */
export async function uninstall(
  store: PackageStore,
  requirement: Requirement,
  { lockPath, signal }: { lockPath?: string; signal?: AbortSignal } = {},
): Promise<Uninstalled> {
  await store.ensure();
  using _lock = await store.lock("remove", signal);
  let wanted = requirement;
  if (lockPath !== undefined) {
    const locked = await removeFromLock(store, lockPath, requirement, signal);
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
      `${label(entry)} stays, for it is needed by ${neededBy.join(", ")}. Take that away first; ` +
        "`--save` takes it out of this project's lock file",
      { detail: { neededBy } },
    );
  }
  return { entry, neededBy };
}
