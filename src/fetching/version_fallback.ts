/**
 * Falls back to the next lower version if the highest version is unavailable: its record is not in the
 * DHT, or no peer sends its archive. This happens because publishers may delete archives, while their
 * signed lists keep all versions.
 *
 * An attacker who hides the highest version makes a reader fall back. `version_marks.ts` limits the harm:
 * a reader never falls back below a version that this home downloaded before. An exact version has no
 * fallback.
 *
 * @module
 */

import semver from "semver";
import { LibreseedError } from "../base/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { FetchingError } from "./errors.ts";
import { MAX_VERSIONS_TRIED, type SkippedVersion } from "./resolve.ts";
import { rangeKind } from "./version_marks.ts";

/** Options of {@linkcode getHighestAvailable}. */
export interface FallbackOptions<Found, Got> {
  /** The requested version range. A request for an exact version has no fallback. */
  range: string | undefined;
  /** Resolves the range to the highest version that is not in `without`. */
  resolve: (without: ReadonlySet<string>) => Promise<Found>;
  /** Downloads the archive of a resolved version. */
  get: (found: Found) => Promise<Got>;
  /** Called with a message about each skipped version, after a lower version was downloaded. */
  onSkipped?: (message: string) => void;
}

/** Result of the fallback: the highest version that could be downloaded. */
export interface AvailableVersion<Found, Got> {
  found: Found;
  got: Got;
  /** Higher versions in the range that were unavailable, in descending order. */
  skipped: SkippedVersion[];
}

/**
 * Tries to download the versions of a range in descending order, until a download succeeds.
 *
 * @throws the error of the highest version, if no version is available
 */
export async function getHighestAvailable<
  Found extends { minimal: MinimalManifest; skipped: SkippedVersion[] },
  Got,
>(
  { range, resolve, get, onSkipped }: FallbackOptions<Found, Got>,
): Promise<AvailableVersion<Found, Got>> {
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
      const got = await get(found);
      const skipped = [...passed.values()].sort((a, b) => semver.rcompare(a.version, b.version));
      for (const one of skipped) onSkipped?.(describeSkipped(name, one, version));
      return { found, got, skipped };
    } catch (error) {
      if (!isUnseeded(error) || rangeKind(range) === "exact") throw first ?? error;
      first ??= error;
      passed.set(version, { version, code: error.code, reason: error.message });
      if (passed.size >= MAX_VERSIONS_TRIED) throw first;
    }
  }
}

/** Formats the message that a higher version was skipped because it is unavailable. */
export function describeSkipped(
  name: string,
  { version, reason }: SkippedVersion,
  taken: string,
): string {
  return `${name}@${version} is listed but unavailable: ${reason}. Using ${name}@${taken} instead; ` +
    `to accept no other version, name it: ${name}@${version}`;
}

/**
 * Whether a download failed before any peer sent a byte. After a partial download there is no fallback to
 * a lower version, since a retry resumes the download.
 */
export function isUnseeded(error: unknown): error is FetchingError {
  return error instanceof LibreseedError && UNSEEDED.includes(error.code) &&
    (error.detail?.downloadedBytes ?? 0) === 0;
}

/** Error codes of downloads that failed for lack of a peer. */
const UNSEEDED: readonly string[] = ["NO_PEERS"];
