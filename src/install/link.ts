/**
 * Links from a project to packages in the store, in `node_modules` by default. Replaces only links that
 * libreseed made.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { LibreseedError } from "../base/mod.ts";
import { type Requirement, requirementKey } from "../fetching/mod.ts";
import {
  packageId,
  type PackageStore,
  removeStaleLinks,
  replaceLink,
  type StoredPackage,
} from "../store/mod.ts";
import { InstallError } from "./errors.ts";
import { LOCK_FILE_NAME, readLockFile } from "./lock_file.ts";
import { linkedPackage, pickStored } from "./stored.ts";

/** A link to make. */
export interface LinkRequest {
  requirement: Requirement;
  /** The project, absolute. */
  directory: string;
  /** Path of the link, relative to the project; `node_modules/NAME` if it is absent. */
  to?: string;
}

/** A link that exists after the command. */
export interface Linked {
  entry: StoredPackage;
  /** Absolute path of the link. */
  path: string;
  /** The previous link at the path: none, one to the same package, or one to another package. */
  before: "nothing" | "same" | "other";
}

/**
 * Links a package of the store into a project. A requirement without a range means the locked version,
 * if the project's lock file has the name. `store prune` keeps the package as long as the link exists.
 *
 * @throws {InstallError} `NOT_INSTALLED`, `PACKAGE_AMBIGUOUS`, `LINK_OCCUPIED` if a file, a directory or
 * a foreign link is at the path, `LINK_FAILED`, `LOCK_INVALID`
 */
export async function linkPackage(
  store: PackageStore,
  { requirement, directory, to }: LinkRequest,
  signal?: AbortSignal,
): Promise<Linked> {
  const path = resolve(directory, to ?? join("node_modules", requirement.name));
  await store.ensure();
  // Under this lock no other process removes the package before the link refers to it.
  using _lock = await store.lock("add", signal);
  const entry = await locked(store, requirement, directory) ?? await pickStored(store, requirement);
  using _places = await store.lockPlaces(signal);
  let before: Linked["before"];
  try {
    before = await previousLink(store, path, entry.id);
    // Register the link first: `store prune` ignores links that are not registered.
    await store.roots.add(path);
    if (before !== "same") {
      await Deno.mkdir(dirname(path), { recursive: true });
      await removeStaleLinks(dirname(path), store.path);
      await replaceLink(entry.path, path);
    }
  } catch (cause) {
    if (cause instanceof LibreseedError) throw cause;
    const why = cause instanceof Error ? cause.message : cause;
    const message = `The link ${path} cannot be made: ${why}`;
    throw new InstallError("failed", "LINK_FAILED", message, { cause, detail: { path } });
  }
  return { entry, path, before };
}

/** The package that the project's lock file has for a requirement without a range. */
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
 * Compares the link at a path with the package.
 *
 * @throws {InstallError} `LINK_OCCUPIED`
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
