/**
 * Goes on to the next version that fits where the highest one cannot be had: its record is not in the
 * DHT, or no peer sends its archive. Publishers take archives away, and their signed lists only grow.
 *
 * Whoever can keep the highest version from a reader gives it an older one so. Never one below what
 * this home has had before: see `version_marks.ts`; and never another one than was named outright.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { FetchingError } from "./errors.ts";
import { MAX_VERSIONS_TRIED, type SkippedVersion } from "./resolve.ts";
import { askedAs } from "./version_marks.ts";

/** The versions to try, and how. */
export interface VersionTries<Found, Got> {
  /** As it was asked for. */
  range: string | undefined;
  /** The highest version that fits, without those that could not be had. */
  resolve: (without: ReadonlySet<string>) => Promise<Found>;
  /** Gets it. */
  have: (found: Found) => Promise<Got>;
  /** Hears of each version that was passed over, for people, once a lower one was had. */
  onSkipped?: (message: string) => void;
}

/** A version that could be had. */
export interface VersionHad<Found, Got> {
  found: Found;
  got: Got;
  /** Higher versions that fit and could not be had, the highest first. */
  skipped: SkippedVersion[];
}

/**
 * Tries the versions that fit, the highest first, until one can be had.
 *
 * @throws what the highest one threw, if none could be had
 */
export async function haveHighest<
  Found extends { minimal: MinimalManifest; skipped: SkippedVersion[] },
  Got,
>(
  { range, resolve, have, onSkipped }: VersionTries<Found, Got>,
): Promise<VersionHad<Found, Got>> {
  const passed = new Map<string, SkippedVersion>();
  let first: unknown;
  for (;;) {
    let found: Found;
    try {
      found = await resolve(new Set(passed.keys()));
    } catch (error) {
      throw first ?? error;
    }
    for (const one of found.skipped) passed.set(one.version, one);
    const { name, version } = found.minimal;
    try {
      const got = await have(found);
      const skipped = [...passed.values()].sort((a, b) => semver.rcompare(a.version, b.version));
      for (const one of skipped) onSkipped?.(describeSkipped(name, one, version));
      return { found, got, skipped };
    } catch (error) {
      if (!isUnseeded(error) || askedAs(range) === "exact") throw first ?? error;
      first ??= error;
      passed.set(version, { version, code: error.code, reason: error.message });
      if (passed.size >= MAX_VERSIONS_TRIED) throw first;
    }
  }
}

/** For people: a version that was passed over. */
export function describeSkipped(
  name: string,
  { version, reason }: SkippedVersion,
  taken: string,
): string {
  return `${name}@${version} is listed and cannot be had: ${reason}. Going on with ${name}@${taken}; ` +
    `name the version to take no other: ${name}@${version}`;
}

/** Whether a download failed because nobody sent anything of it. What came in part is gone on with. */
export function isUnseeded(error: unknown): error is FetchingError {
  return error instanceof LibreseedError && UNSEEDED.includes(error.code) &&
    (error.detail?.downloadedBytes ?? 0) === 0;
}

/** The codes of downloads for which nothing came. */
const UNSEEDED: readonly string[] = ["NO_PEERS"];
