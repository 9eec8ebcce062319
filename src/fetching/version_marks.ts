/**
 * High-water marks against downgrades: for each pinned publisher, the highest version of a package that
 * this home has downloaded. Publishers only add versions to their lists. If a later request finds a lower
 * version, an attacker has put an old list into the DHT. A mark at a version that the publisher has
 * yanked does not count, nor does one above the version to which the publisher has set the tag `latest`.
 *
 * Stable versions and prereleases have separate marks. Requests without a range and requests with a range
 * have separate marks, too. So a user can download a prerelease once and later request the highest stable
 * version without a downgrade error.
 *
 * @module
 */

import semver from "semver";
import { equalBytes, type PackageFlags } from "../base/mod.ts";
import { LATEST } from "../package/mod.ts";
import type { Pin, VersionMarks } from "../store/mod.ts";
import { FetchingError } from "./errors.ts";
import { isNewest, isTagged } from "./requirement.ts";

/**
 * Kind of a request: for the newest version (no range, `*` or `latest`), a range, or an exact version. A tag
 * other than `latest` counts as an exact version, since its publisher may set it to any version.
 */
export type RangeKind = "newest" | "range" | "exact";

/** Returns the kind of a range. `undefined`, `*` and `latest` are of kind `newest`. */
export function rangeKind(range: string | undefined): RangeKind {
  if (isNewest(range)) return "newest";
  return isTagged(range) || semver.valid(range) === range ? "exact" : "range";
}

/**
 * Returns the marks after the download of a version. Marks never decrease. A request for an exact version
 * leaves them unchanged.
 */
export function raiseMarks(marks: VersionMarks, version: string, asked: RangeKind): VersionMarks {
  if (asked === "exact") return marks;
  const isPrerelease = semver.prerelease(version) !== null;
  const key = asked === "newest"
    ? isPrerelease ? "lastPrerelease" : "lastVersion"
    : isPrerelease
    ? "rangePrerelease"
    : "rangeVersion";
  const before = marks[key];
  if (before !== undefined && !semver.lt(before, version)) return marks;
  return { ...marks, [key]: version };
}

/**
 * Input of {@linkcode higherMark}: the requested range, and the version that was found for the request.
 */
export interface FoundVersion {
  name: string;
  version: string;
  range?: string;
}

/**
 * Returns a high-water mark that is higher than the found version, if there is one. For a request without
 * a range, only marks of requests without a range are compared. For a request with a range, all marks
 * that satisfy the range are compared.
 *
 * @param flags flags of the package, by the newest list that this home has seen
 */
export function higherMark(
  { version, range }: FoundVersion,
  marks: VersionMarks,
  { yanked, tags }: Pick<PackageFlags, "yanked" | "tags">,
): string | undefined {
  const asked = rangeKind(range);
  if (asked === "exact" || asked === "newest" && tags.get(LATEST) === version) return undefined;
  const { lastVersion, lastPrerelease, rangeVersion, rangePrerelease } = marks;
  const comparable = asked === "newest"
    // The first stable version may be lower than an earlier prerelease. This is not a downgrade.
    ? [lastVersion, semver.prerelease(version) ? lastPrerelease : undefined]
    : [lastVersion, lastPrerelease, rangeVersion, rangePrerelease]
      .filter((mark) => mark !== undefined && semver.satisfies(mark, range!));
  return comparable.filter((mark) => mark !== undefined && !yanked.has(mark))
    .sort(semver.rcompare)
    .find((mark) => semver.lt(version, mark));
}

/**
 * Throws if a version is lower than a high-water mark of the same publisher. A request for an exact
 * version never throws.
 *
 * @throws {FetchingError} `DOWNGRADE` (kind `verification`)
 */
export function checkDowngrade(
  found: FoundVersion,
  publicKey: Uint8Array,
  pins: readonly Pin[],
  flags: PackageFlags,
): void {
  const last = higherMarkOf(found, publicKey, pins, flags);
  if (last === undefined) return;
  const { name, version } = found;
  throw new FetchingError(
    "verification",
    "DOWNGRADE",
    `${name} was at ${last} here, and the newest version found now is ${version}: an attacker may have put an old record again. To take it all the same, name the version: ${name}@${version}`,
    { detail: { name, last, found: version } },
  );
}

/** Returns {@linkcode higherMark} for a publisher's pin, or `undefined` if the publisher is not pinned. */
export function higherMarkOf(
  found: FoundVersion,
  publicKey: Uint8Array,
  pins: readonly Pin[],
  flags: PackageFlags,
): string | undefined {
  const pin = pins.find((one) => equalBytes(one.publicKey, publicKey));
  return pin && higherMark(found, pin, flags);
}
