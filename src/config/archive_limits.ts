/**
 * The limits of archives, as far as they are settings.
 *
 * @module
 */

import type { Settings } from "./settings.ts";

/** The settings that limit archives, under the names of `src/package`. */
export type ArchiveSettings = Pick<
  Settings,
  | "maxArchiveBytes"
  | "maxUnpackedBytes"
  | "maxFiles"
  | "maxDirectories"
  | "maxDepth"
  | "maxPathsBytes"
  | "maxRatio"
>;

/** Picks the settings that limit archives. */
export function archiveLimits(settings: Settings): ArchiveSettings {
  const { maxArchiveBytes, maxUnpackedBytes, maxFiles, maxRatio } = settings;
  const { maxDirectories, maxDepth, maxPathsBytes } = settings;
  return {
    maxArchiveBytes,
    maxUnpackedBytes,
    maxFiles,
    maxDirectories,
    maxDepth,
    maxPathsBytes,
    maxRatio,
  };
}
