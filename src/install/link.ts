/**
 * Links in a project that lead to packages in the store, where a build looks for them. What is no link
 * of ours is never touched.
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

/** What to link where. */
export interface LinkRequest {
  requirement: Requirement;
  /** The project, absolute. */
  directory: string;
  /** Path of the link, relative to the project; `node_modules/NAME` if it is absent. */
  to?: string;
}

/** A link that was made, or was there. */
export interface Linked {
  entry: StoredPackage;
  /** Absolute path of the link. */
  path: string;
  /** Whether there was no link of ours, one to this package, or one to another. */
  before: "nothing" | "same" | "other";
}

/**
 * Links a package of the store into a project. If the project's lock file holds the name, and nothing
 * more than the name is asked for, it is the locked one. As long as the link is there, `store prune`
 * keeps the package.
 *
 * @throws {InstallError} `NOT_INSTALLED`, `PACKAGE_AMBIGUOUS`, `LINK_OCCUPIED` if something else is at
 * the path, `LINK_FAILED`, `LOCK_INVALID`
 */
export async function linkPackage(
  store: PackageStore,
  { requirement, directory, to }: LinkRequest,
  signal?: AbortSignal,
): Promise<Linked> {
  const path = resolve(directory, to ?? join("node_modules", requirement.name));
  await store.ensure();
  // Nobody removes the package in between.
  using _lock = await store.lock("add", signal);
  const entry = await locked(store, requirement, directory) ?? await pickStored(store, requirement);
  using _places = await store.lockPlaces(signal);
  let before: Linked["before"];
  try {
    before = await look(store, path, entry.id);
    // First: a link that the store does not know of would not keep its package.
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

/** The package that the project's lock file holds for a bare name. */
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

/** @throws {InstallError} `LINK_OCCUPIED` */
async function look(store: PackageStore, path: string, id: string): Promise<Linked["before"]> {
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
    `${path} is ${what} that libreseed did not make, so it was left alone. Move it away, or name another place with --to`,
    { detail: { path } },
  );
}
