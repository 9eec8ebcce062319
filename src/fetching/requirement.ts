/**
 * Requirements and package references: `[KEY/]NAME[@RANGE]` as a user or a manifest requests a package,
 * and `KEY/NAME@VERSION` for one exact package. Matching of versions and ranges.
 *
 * @module
 */

import semver from "semver";
import { formatPublicKey } from "../identity/mod.ts";
import { isValidVersion, LATEST, PackageError, parsePackageSpec } from "../package/mod.ts";
import type { PackageName } from "../store/mod.ts";

/** A requested package. */
export interface Requirement {
  /** `ed25519:` and 44 characters of base64; if absent, pins and the policy choose the publisher. */
  publisher?: string;
  name: string;
  /** A semver range, or `latest`; if absent, any version. */
  range?: string;
}

/**
 * Reads `[KEY/]NAME[@RANGE]`.
 *
 * @throws {PackageError} `SPEC_INVALID`, `NAME_INVALID`
 */
export function parseRequirement(text: string): Requirement {
  const { publicKey, name, range } = parsePackageSpec(text);
  return {
    ...(publicKey && { publisher: formatPublicKey(publicKey) }),
    name,
    ...(range !== undefined && { range }),
  };
}

/** `[KEY/]NAME`, as {@linkcode parseRequirement} reads it. */
export function requirementKey({ publisher, name }: Requirement): string {
  return publisher === undefined ? name : `${publisher}/${name}`;
}

/** `[KEY/]NAME[@RANGE]`, as {@linkcode parseRequirement} reads it. */
export function formatRequirement(requirement: Requirement): string {
  const key = requirementKey(requirement);
  return requirement.range === undefined ? key : `${key}@${requirement.range}`;
}

/** `KEY/NAME@VERSION`, the reference of a package in lock files and graphs. */
export function packageRef({ pubkey, name, version }: PackageName): string {
  return `${pubkey}/${name}@${version}`;
}

/** The inverse of {@linkcode packageRef}; `undefined` for text in any other spelling. */
export function parsePackageRef(text: string): PackageName | undefined {
  try {
    const { publisher, name, range } = parseRequirement(text);
    if (publisher === undefined || range === undefined || !isValidVersion(range)) return undefined;
    const parsed = { pubkey: publisher, name, version: range };
    return packageRef(parsed) === text ? parsed : undefined;
  } catch (error) {
    if (error instanceof PackageError) return undefined;
    throw error;
  }
}

/** Whether a range means the newest version: no range, `*`, or {@linkcode LATEST}. */
export function isNewest(range: string | undefined): boolean {
  return range === undefined || range === "*" || range === LATEST;
}

/**
 * Whether a version satisfies a range. `*` includes prereleases, since a package may have no stable
 * version. `latest` matches every stable version; the caller takes the highest.
 */
export function satisfiesRange(version: string, range: string | undefined): boolean {
  if (range === LATEST) return semver.prerelease(version) === null;
  return range === undefined || range === "*" || semver.satisfies(version, range);
}

/** Whether some version could satisfy both ranges. */
export function rangesIntersect(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  const [x, y] = [a, b].map((range) => range === LATEST ? "*" : range) as [string, string];
  return semver.intersects(x, y);
}

/** Whether a requirement names one exact version. */
export function isExact({ range }: Requirement): boolean {
  return range !== undefined && isValidVersion(range);
}
