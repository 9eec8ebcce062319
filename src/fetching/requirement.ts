/**
 * Requirements and package references. A user or a manifest requests a package with the requirement
 * `[KEY/]NAME[@RANGE]`. The reference `KEY/NAME@VERSION` names one exact package. Also matches versions
 * against ranges.
 *
 * @module
 */

import semver from "semver";
import { isTag } from "../base/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { isValidVersion, LATEST, PackageError, parsePackageSpec } from "../package/mod.ts";
import type { PackageName } from "../store/mod.ts";

/** A request for a package: name, and optionally publisher and version range. */
export interface Requirement {
  /**
   * Public key, `ed25519:` and 44 characters of base64. If absent, pins and the policy choose the
   * publisher.
   */
  publisher?: string;
  name: string;
  /** A semver range, or a tag. If absent, any version is accepted. */
  range?: string;
}

/**
 * Parses `[KEY/]NAME[@RANGE]`.
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

/**
 * Formats the requirement without its range: `[KEY/]NAME`. {@linkcode parseRequirement} can parse the
 * text.
 */
export function requirementKey({ publisher, name }: Requirement): string {
  return publisher === undefined ? name : `${publisher}/${name}`;
}

/** Formats the requirement: `[KEY/]NAME[@RANGE]`. {@linkcode parseRequirement} can parse the text. */
export function formatRequirement(requirement: Requirement): string {
  const key = requirementKey(requirement);
  return requirement.range === undefined ? key : `${key}@${requirement.range}`;
}

/** Formats the reference of a package for lock files and graphs: `KEY/NAME@VERSION`. */
export function packageRef({ pubkey, name, version }: PackageName): string {
  return `${pubkey}/${name}@${version}`;
}

/**
 * Parses `KEY/NAME@VERSION`. Returns `undefined` for text that {@linkcode packageRef} would not produce.
 */
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

/** Whether a range is a tag, such as {@linkcode LATEST}. */
export function isTagged(range: string | undefined): boolean {
  return range !== undefined && isTag(range);
}

/** Whether a range asks for the newest version: no range, `*`, or {@linkcode LATEST}. */
export function isNewest(range: string | undefined): boolean {
  return range === undefined || range === "*" || range === LATEST;
}

/**
 * Whether a version may satisfy a range. `*` includes prereleases, since a package may have no stable
 * version. Only the publisher's list tells the version of a tag, so every version may have one.
 */
export function satisfiesRange(version: string, range: string | undefined): boolean {
  if (isTagged(range)) return true;
  return range === undefined || range === "*" || semver.satisfies(version, range);
}

/** Whether there can be a version that satisfies both ranges. */
export function rangesIntersect(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  const [x, y] = [a, b].map((range) => isTagged(range) ? "*" : range) as [string, string];
  return semver.intersects(x, y);
}

/** Whether a requirement names one exact version. */
export function isExact({ range }: Requirement): boolean {
  return range !== undefined && isValidVersion(range);
}
