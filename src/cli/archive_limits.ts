/**
 * The limits of archives, as far as they are settings.
 *
 * @module
 */

import type { Settings } from "../config/mod.ts";

/** The settings that limit archives, under the names of `src/package`. */
export function archiveLimits(
  { maxArchiveBytes, maxUnpackedBytes, maxFiles, maxRatio }: Settings,
): Pick<Settings, "maxArchiveBytes" | "maxUnpackedBytes" | "maxFiles" | "maxRatio"> {
  return { maxArchiveBytes, maxUnpackedBytes, maxFiles, maxRatio };
}
