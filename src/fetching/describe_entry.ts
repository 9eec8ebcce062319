/**
 * Converts an entry of the seed directory (an archive with its manifest) to the JSON that `list` and `add`
 * print.
 *
 * @module
 */

import type { PackageJson } from "../control/mod.ts";
import { webSeedsOfTorrent } from "../package/mod.ts";
import type { SeedEntry } from "../store/mod.ts";
import { magnetOf } from "./manifest_record.ts";

/** Maximum length of a `.torrent` that is read for its web seeds, bytes. */
const MAX_TORRENT_BYTES = 40 << 20;

/**
 * Returns the web seeds that the `.torrent` at a path names. A file that is missing or unreadable
 * names none.
 */
export async function webSeedsBeside(torrentPath: string): Promise<string[]> {
  try {
    const { isFile, size } = await Deno.lstat(torrentPath);
    if (!isFile || size > MAX_TORRENT_BYTES) return [];
    return webSeedsOfTorrent(await Deno.readFile(torrentPath));
  } catch {
    return [];
  }
}

/**
 * Converts an entry of the seed directory to JSON. Reads the archive's `.torrent` for its web seeds.
 *
 * @param problem reason why the archive cannot be seeded; by default, the problem found when the entry
 * was read
 */
export async function describeEntry(
  entry: SeedEntry,
  seeding: boolean,
  problem: string | undefined = entry.problem,
): Promise<PackageJson> {
  const common = { path: entry.archivePath, lengthBytes: entry.sizeBytes, seeding };
  if (entry.problem !== undefined) {
    return { ...common, name: entry.fileName, version: "", problem: entry.problem };
  }
  const { minimal, name, version } = entry;
  const webSeeds = entry.hasTorrent ? await webSeedsBeside(entry.torrentPath) : [];
  return {
    ...common,
    name,
    version,
    publisher: minimal.pubkey,
    sha256: minimal.archiveSha256.slice("sha256:".length),
    infoHash: minimal.btih,
    magnet: magnetOf(minimal, webSeeds),
    ...(webSeeds.length > 0 && { webSeeds }),
    ...(problem !== undefined && { problem }),
  };
}
