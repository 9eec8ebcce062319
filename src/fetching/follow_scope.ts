/**
 * Decides which versions of a publisher's packages are followed: everything, or packages within ranges.
 *
 * @module
 */

import type { PackageFlags } from "../base/mod.ts";
import { formatPublicKey, type PublicKey } from "../identity/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import type { FollowScope } from "../store/mod.ts";
import { fittingVersions } from "./choose_version.ts";
import { formatRequirement, isTagged, satisfiesRange } from "./requirement.ts";

/** A version that a publisher lists. */
type Listed = Pick<MinimalManifest, "name" | "version">;

/**
 * Whether a version may be followed, by its name and number alone: a tag may lead to each version of its
 * package. Prereleases satisfy ranges as in requests; without a range, they are followed like all versions.
 */
export function mayBeFollowed(scopes: readonly FollowScope[], { name, version }: Listed): boolean {
  return scopes.some((scope) =>
    scope.name === undefined || scope.name === name && satisfiesRange(version, scope.range)
  );
}

/**
 * Returns the versions that are followed. A tag chooses the version that a request with the tag would try
 * first, so a yanked version is not followed for its tag.
 *
 * @param listed all versions that may be followed
 * @param flagsOf returns the flags of a package
 */
export function followedOf<T extends Listed>(
  scopes: readonly FollowScope[],
  listed: readonly T[],
  flagsOf: (name: string) => PackageFlags,
): T[] {
  const plain = scopes.filter(({ range }) => !isTagged(range));
  const tagged = new Set(
    scopes.filter(({ range }) => isTagged(range)).map(({ name, range }) => {
      const versions = listed.filter((one) => one.name === name).map(({ version }) => version);
      const [version] = fittingVersions({ versions, flags: flagsOf(name!) }, range);
      return `${name}@${version}`;
    }),
  );
  return listed.filter((one) =>
    mayBeFollowed(plain, one) || tagged.has(`${one.name}@${one.version}`)
  );
}

/** Writes what is followed as users name it: `KEY`, or `KEY/NAME[@RANGE]`. */
export function formatFollowed(publicKey: PublicKey, { name, range }: FollowScope): string {
  const publisher = formatPublicKey(publicKey);
  return name === undefined ? publisher : formatRequirement({ publisher, name, range });
}
