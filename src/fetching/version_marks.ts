/**
 * High-water marks against downgrades: the highest versions that this home got from a pinned publisher's
 * list. A list only grows, so a lower result means that an attacker has put an old record again.
 *
 * Stable versions and prereleases have separate marks, and so have requests by name and by range. A user
 * who tries one prerelease, or one range, therefore gets no downgrade error when the name alone means
 * the highest stable version again.
 *
 * @module
 */

import semver from "semver";
import { equalBytes } from "../base/mod.ts";
import type { Pin, VersionMarks } from "../store/mod.ts";
import { FetchingError } from "./errors.ts";
import { isNewest } from "./requirement.ts";

/** Kind of a requested range: none (or `*`, `latest`), a range, or an exact version. */
export type RangeKind = "newest" | "range" | "exact";

/** The kind of a range; `undefined`, `*` and `latest` are `newest`. */
export function rangeKind(range: string | undefined): RangeKind {
  if (isNewest(range)) return "newest";
  return semver.valid(range) === range ? "exact" : "range";
}

/** The marks after a version was got. A mark never sinks, and an exact version raises none. */
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

/** A request, and the version found for it. */
export interface FoundVersion {
  name: string;
  version: string;
  range?: string;
}

/**
 * The mark that is higher than the version, if there is one. Without a range, only marks of requests
 * without a range count; with one, every mark that satisfies the range.
 */
export function higherMark(
  { version, range }: FoundVersion,
  marks: VersionMarks,
): string | undefined {
  const asked = rangeKind(range);
  if (asked === "exact") return undefined;
  const { lastVersion, lastPrerelease, rangeVersion, rangePrerelease } = marks;
  const comparable = asked === "newest"
    // A first stable version may be lower than an earlier prerelease, without being a downgrade.
    ? [lastVersion, semver.prerelease(version) ? lastPrerelease : undefined]
    : [lastVersion, lastPrerelease, rangeVersion, rangePrerelease]
      .filter((mark) => mark !== undefined && semver.satisfies(mark, range!));
  return comparable.filter((mark) => mark !== undefined)
    .sort(semver.rcompare)
    .find((mark) => semver.lt(version, mark));
}

/**
 * Refuses a version below a high-water mark of the same publisher. An exact version is always allowed.
 *
 * @throws {FetchingError} `DOWNGRADE` (kind `verification`)
 */
export function checkDowngrade(
  found: FoundVersion,
  publicKey: Uint8Array,
  pins: readonly Pin[],
): void {
  const last = higherMarkOf(found, publicKey, pins);
  if (last === undefined) return;
  const { name, version } = found;
  throw new FetchingError(
    "verification",
    "DOWNGRADE",
    `${name} was at ${last} here, and the newest version found now is ${version}: an attacker may have put an old record again. To take it all the same, name the version: ${name}@${version}`,
    { detail: { name, last, found: version } },
  );
}

/** The {@linkcode higherMark} of a publisher's pin; `undefined` also without a pin. */
export function higherMarkOf(
  found: FoundVersion,
  publicKey: Uint8Array,
  pins: readonly Pin[],
): string | undefined {
  const pin = pins.find((one) => equalBytes(one.publicKey, publicKey));
  return pin && higherMark(found, pin);
}
