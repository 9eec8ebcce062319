/**
 * Falls back to the next lower version if the highest one is unavailable: its record is not in the DHT,
 * or no peer sends its archive. Publishers remove archives, while their signed lists only grow.
 *
 * An attacker who hides the highest version makes a reader fall back. `version_marks.ts` bounds this: the
 * version never sinks below one that this home had. An exact version has no fallback.
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
  /** The requested range. */
  range: string | undefined;
  /** Resolves the range to its highest version that is not in `without`. */
  resolve: (without: ReadonlySet<string>) => Promise<Found>;
  /** Gets the archive of a version. */
  get: (found: Found) => Promise<Got>;
  /** Receives a message about each skipped version, once a lower one is there. */
  onSkipped?: (message: string) => void;
}

/** The highest available version. */
export interface AvailableVersion<Found, Got> {
  found: Found;
  got: Got;
  /** Unavailable higher versions in the range, in descending order. */
  skipped: SkippedVersion[];
}

/**
 * Tries the versions of a range in descending order until one is available.
 *
 * @throws the error of the highest version, if none is available
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

/** Message about a skipped version. */
export function describeSkipped(
  name: string,
  { version, reason }: SkippedVersion,
  taken: string,
): string {
  return `${name}@${version} is listed but unavailable: ${reason}. Using ${name}@${taken} instead; ` +
    `to accept no other version, name it: ${name}@${version}`;
}

/**
 * Whether a download failed without a single byte from a peer. After a partial download there is no
 * fallback, since a retry resumes it.
 */
export function isUnseeded(error: unknown): error is FetchingError {
  return error instanceof LibreseedError && UNSEEDED.includes(error.code) &&
    (error.detail?.downloadedBytes ?? 0) === 0;
}

/** Error codes of downloads that no peer served. */
const UNSEEDED: readonly string[] = ["NO_PEERS"];
