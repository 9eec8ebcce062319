/**
 * Marks against downgrades: the highest versions that a pinned publisher's list has given here. A list
 * only grows; one that gives less than before is an old one, which somebody may have put again.
 *
 * Stable versions and prereleases have marks of their own, and so has what was asked for by a range:
 * whoever tries a prerelease once, or keeps to one range, is not told of a downgrade when the name
 * alone gives the highest stable version.
 *
 * @module
 */

import semver from "semver";
import { equalBytes } from "../base/mod.ts";
import type { Pin, VersionMarks } from "../store/mod.ts";
import { FetchingError } from "./errors.ts";
import { isNewest } from "./requirement.ts";

/** How a version was asked for: by name alone (or as `latest`), by a range, or outright. */
export type Asked = "newest" | "range" | "exact";

/** How a range asks; `undefined` and `*` are any version. */
export function askedAs(range: string | undefined): Asked {
  if (isNewest(range)) return "newest";
  return semver.valid(range) === range ? "exact" : "range";
}

/** The marks after a version was got; a mark never sinks. */
export function raiseMarks(marks: VersionMarks, version: string, asked: Asked): VersionMarks {
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

/** A request, and the version found for it. */
export interface FoundVersion {
  name: string;
  version: string;
  range?: string;
}

/**
 * The mark that a version lies below, if it does. Without a range it is compared with what the name
 * alone gave; with one, with all that the range would have given now.
 */
export function markAbove(
  { version, range }: FoundVersion,
  marks: VersionMarks,
): string | undefined {
  const asked = askedAs(range);
  if (asked === "exact") return undefined;
  const { lastVersion, lastPrerelease, rangeVersion, rangePrerelease } = marks;
  const comparable = asked === "newest"
    // A package gets its first stable version below a prerelease of before, and that is in order.
    ? [lastVersion, semver.prerelease(version) ? lastPrerelease : undefined]
    : [lastVersion, lastPrerelease, rangeVersion, rangePrerelease]
      .filter((mark) => mark !== undefined && semver.satisfies(mark, range!));
  return comparable.filter((mark) => mark !== undefined)
    .sort(semver.rcompare)
    .find((mark) => semver.lt(version, mark));
}

/**
 * Refuses a version lower than one that the same publisher's list gave before, unless it was asked for
 * outright: somebody may have put an old record again.
 *
 * @throws {FetchingError} `DOWNGRADE` (kind `verification`)
 */
export function checkDowngrade(
  found: FoundVersion,
  publicKey: Uint8Array,
  pins: readonly Pin[],
): void {
  const last = lastGot(found, publicKey, pins);
  if (last === undefined) return;
  const { name, version } = found;
  throw new FetchingError(
    "verification",
    "DOWNGRADE",
    `${name} was at ${last} here, and the newest that is found now is ${version}: somebody may have put an old record again. Name the version to take it all the same: ${name}@${version}`,
    { detail: { name, last, found: version } },
  );
}

/** {@linkcode markAbove}, of the pin of a publisher. */
export function lastGot(
  found: FoundVersion,
  publicKey: Uint8Array,
  pins: readonly Pin[],
): string | undefined {
  const pin = pins.find((one) => equalBytes(one.publicKey, publicKey));
  return pin && markAbove(found, pin);
}
