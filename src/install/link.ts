/**
 * Creates links from a project to packages in the store, by default in `node_modules`. Only links
 * that libreseed made are ever replaced.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { LibreseedError, messageOf } from "../base/mod.ts";
import { type Requirement, requirementKey } from "../fetching/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { packageId, type PackageStore, type StoredPackage } from "../store/mod.ts";
import { InstallError } from "./errors.ts";
import { LOCK_FILE_NAME, readLockFile } from "./lock_file.ts";
import { linkedPackage, pickStored } from "./stored.ts";

/** A request to create a link from a project to a package in the store. */
export interface LinkRequest {
  requirement: Requirement;
  /** Directory of the project in which the link is created, absolute path. */
  directory: string;
  /** Path of the link, relative to the project; `node_modules/NAME` by default. */
  to?: string;
  /** Throws if a package is not to be linked, because its key is revoked. */
  accept?: (minimal: MinimalManifest) => void;
}

/** The outcome of creating a link: the linked package, and the path of the link. */
export interface Linked {
  entry: StoredPackage;
  /** Absolute path of the link. */
  path: string;
  /**
   * State of the path before the link was created: nothing, a link to the same package, or a link
   * to another package.
   */
  before: "nothing" | "same" | "other";
}

/**
 * Creates a link from a project to a package in the store. For a requirement without a range, the
 * version in the project's lock file is linked, if the lock file has the name. `store prune` keeps
 * the package as long as the link exists.
 *
 * @throws {InstallError} `NOT_INSTALLED`, `PACKAGE_AMBIGUOUS`, `LINK_FAILED`, `LOCK_INVALID`;
 * `LINK_OCCUPIED` if the path has a file, a directory, or a link that libreseed did not make
 */
export async function linkPackage(
  store: PackageStore,
  { requirement, directory, to, accept }: LinkRequest,
  signal?: AbortSignal,
): Promise<Linked> {
  const path = resolve(directory, to ?? join("node_modules", requirement.name));
  await store.ensure();
  // While this lock is held, no other process can remove the package before the link refers to it.
  using _lock = await store.lock("add", signal);
  const entry = await locked(store, requirement, directory) ?? await pickStored(store, requirement);
  accept?.(entry.minimal);
  using _places = await store.lockPlaces(signal);
  let before: Linked["before"];
  try {
    before = await previousLink(store, path, entry.id);
    // Register the link as a root before it is created: `store prune` ignores unregistered links.
    await store.roots.add(path);
    if (before !== "same") await store.makeLink(entry.path, path);
  } catch (cause) {
    if (cause instanceof LibreseedError) throw cause;
    const why = messageOf(cause);
    const message = `The link ${path} cannot be made: ${why}`;
    throw new InstallError("failed", "LINK_FAILED", message, { cause, detail: { path } });
  }
  return { entry, path, before };
}

/**
 * Returns the stored package that satisfies a requirement according to the project's lock file;
 * `undefined` if the requirement has a range.
 */
async function locked(
  store: PackageStore,
  requirement: Requirement,
  directory: string,
): Promise<StoredPackage | undefined> {
  if (requirement.range !== undefined) return undefined;
  const lock = await readLockFile(join(directory, LOCK_FILE_NAME));
  const ref = lock?.requirements.get(requirementKey(requirement))?.ref;
  if (ref === undefined) return undefined;
  const entry = await store.find(packageId(lock!.packages.get(ref)!.minimal));
  return entry?.problem === undefined ? entry : undefined;
}

/**
 * Compares an existing link at a path with the package to link.
 *
 * @throws {InstallError} `LINK_OCCUPIED` if the path has something that libreseed did not make
 */
async function previousLink(
  store: PackageStore,
  path: string,
  id: string,
): Promise<Linked["before"]> {
  const info = await Deno.lstat(path).catch((cause) => {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  });
  if (!info) return "nothing";
  const there = await linkedPackage(store, path);
  if (there !== undefined) return there === id ? "same" : "other";
  const what = info.isSymlink
    ? `a link to ${await Deno.readLink(path)}`
    : info.isDirectory
    ? "a directory"
    : "a file";
  throw new InstallError(
    "failed",
    "LINK_OCCUPIED",
    `${path} is ${what} that libreseed did not make; it was not replaced. Move it away, or name another path with --to`,
    { detail: { path } },
  );
}
