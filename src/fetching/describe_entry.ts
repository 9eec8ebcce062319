/**
 * Converts an entry of the seed directory (an archive with its manifest) to the JSON that `list` and `add`
 * print.
 *
 * @module
 */

import type { PackageJson } from "../control/mod.ts";
import type { SeedEntry } from "../store/mod.ts";
import { magnetOf } from "./manifest_record.ts";

/**
 * Converts an entry of the seed directory to JSON.
 *
 * @param problem reason why the archive cannot be seeded; by default, the problem found when the entry
 * was read
 */
export function describeEntry(
  entry: SeedEntry,
  seeding: boolean,
  problem: string | undefined = entry.problem,
): PackageJson {
  const common = { path: entry.archivePath, lengthBytes: entry.sizeBytes, seeding };
  if (entry.problem !== undefined) {
    return { ...common, name: entry.fileName, version: "", problem: entry.problem };
  }
  const { minimal, name, version } = entry;
  return {
    ...common,
    name,
    version,
    publisher: minimal.pubkey,
    sha256: minimal.archiveSha256.slice("sha256:".length),
    infoHash: minimal.btih,
    magnet: magnetOf(minimal),
    ...(problem !== undefined && { problem }),
  };
}
