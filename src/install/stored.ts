/**
 * Finds packages in the store: by requirement, or by a link in a project.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import semver from "semver";
import {
  formatRequirement,
  isTagged,
  packageRef,
  type Requirement,
  satisfiesRange,
} from "../fetching/mod.ts";
import { LATEST } from "../package/mod.ts";
import {
  isPackageId,
  type PackageStore,
  type StoredPackage,
  type StoreEntry,
} from "../store/mod.ts";
import { InstallError } from "./errors.ts";

/**
 * Lists the packages in a store, sorted by name and ascending version. Damaged packages are
 * returned separately.
 */
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

/**
 * Returns the packages that satisfy a requirement. For the tag `latest`, returns only the highest
 * stable version of each publisher.
 *
 * @throws {InstallError} `TAG_UNKNOWN` (kind `usage`) for another tag, since the store has no tags
 */
export function storedLike(
  packages: readonly StoredPackage[],
  { publisher, name, range }: Requirement,
): StoredPackage[] {
  if (range !== LATEST && isTagged(range)) {
    throw new InstallError(
      "usage",
      "TAG_UNKNOWN",
      `The store does not hold the tags of packages, so ${name}@${range} names no version in it: ` +
        "name the version",
      { detail: { name, tag: range } },
    );
  }
  const fitting = packages.filter((entry) =>
    entry.name === name && satisfiesRange(entry.version, range) &&
    (publisher === undefined || publisher === entry.publisher) &&
    (range !== LATEST || semver.prerelease(entry.version) === null)
  );
  if (range !== LATEST) return fitting;
  return fitting.filter((entry) =>
    !fitting.some((other) =>
      other.publisher === entry.publisher && semver.gt(other.version, entry.version)
    )
  );
}

/**
 * Returns the only package in the store that satisfies a requirement.
 *
 * @throws {InstallError} `NOT_INSTALLED` (kind `not-found`); `PACKAGE_AMBIGUOUS` (kind `usage`) if
 * several packages satisfy it
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
      `${asked} is not in the store. \`libreseed store list\` shows what is, and ` +
        `\`libreseed install ${asked}\` puts it there`,
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

/**
 * Returns the id of the stored package that a link points to; `undefined` if the path is not a link
 * into the store.
 */
export async function linkedPackage(
  store: PackageStore,
  path: string,
): Promise<string | undefined> {
  let target: string;
  try {
    target = resolve(dirname(path), await Deno.readLink(path));
  } catch {
    // Reading the link failed: the path does not exist or is not a link.
    return undefined;
  }
  const id = basename(dirname(target));
  if (!isPackageId(id) || basename(target) !== basename(store.treePath(id))) return undefined;
  if (dirname(dirname(target)) === store.path) return id;
  // Compare real paths, because the link may contain another path of the same home, such as one
  // through a symbolic link. The link itself is resolved, since a thread with few permissions may
  // resolve the link but not another path of the home.
  const at = (path: string) => Deno.realPath(path).catch(() => undefined);
  const real = await at(path) ??
    join(await at(dirname(dirname(target))) ?? "", id, basename(target));
  return dirname(dirname(real)) === await at(store.path) ? id : undefined;
}
