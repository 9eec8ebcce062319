/**
 * How packages are asked for and named where they are installed: `[KEY/]NAME` with a range, and
 * `KEY/NAME@VERSION` for the one that was found.
 *
 * @module
 */

import semver from "semver";
import { formatPublicKey } from "../identity/mod.ts";
import { isValidVersion, LATEST, PackageError, parsePackageSpec } from "../package/mod.ts";
import type { PackageName } from "../store/mod.ts";

/** A package that somebody asks for. */
export interface Requirement {
  /** `ed25519:` and 44 characters of base64; without it, trust decides whose package it is. */
  publisher?: string;
  name: string;
  /** A semver range; without it, any version. */
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

/** `KEY/NAME@VERSION`: the one spelling of a package in lock files and graphs. */
export function packageRef({ pubkey, name, version }: PackageName): string {
  return `${pubkey}/${name}@${version}`;
}

/** The reverse of {@linkcode packageRef}; `undefined` unless the text is what that writes. */
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

/** Whether a range means the newest version that there is: no range, `*`, or {@linkcode LATEST}. */
export function isNewest(range: string | undefined): boolean {
  return range === undefined || range === "*" || range === LATEST;
}

/**
 * Whether a version satisfies a range. "*" takes prereleases too: a package may have nothing else.
 * "latest" is any stable version: which of them is the highest depends on what there is.
 */
export function fits(version: string, range: string | undefined): boolean {
  if (range === LATEST) return semver.prerelease(version) === null;
  return range === undefined || range === "*" || semver.satisfies(version, range);
}

/** Whether a version could satisfy both ranges. */
export function canBeBoth(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  const [x, y] = [a, b].map((range) => range === LATEST ? "*" : range) as [string, string];
  return semver.intersects(x, y);
}

/** Whether a requirement names one version and leaves no choice. */
export function isExact({ range }: Requirement): boolean {
  return range !== undefined && isValidVersion(range);
}
