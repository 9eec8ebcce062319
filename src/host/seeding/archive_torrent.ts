/**
 * The torrent of an archive of the seed directory, built from the archive where its `.torrent` file is of no
 * use.
 *
 * @module
 */

import { toHex } from "../../base/mod.ts";
import type { SeedOrder } from "../../engine/mod.ts";
import {
  archiveFileName,
  describeArchive,
  type StartThread,
  torrentInfoHash,
} from "../../package/mod.ts";
import type { ValidSeedEntry } from "../../store/mod.ts";

/** The thread that hashes an archive, and the signal that ends the hashing. */
export interface Hashing {
  /** Starts a thread that hashes. Default: the calling thread hashes. */
  startThread: StartThread | undefined;
  signal: AbortSignal;
}

/**
 * Returns nothing if the engine can read the `.torrent` file beside the archive. If the file's infohash
 * is not the one in the signed manifest, returns a rebuilt torrent.
 */
export async function mendedTorrent(
  entry: ValidSeedEntry,
  hashing: Hashing,
): Promise<SeedOrder["torrent"]> {
  const { minimal, hasTorrent, torrentPath } = entry;
  try {
    const infoHash = hasTorrent && torrentInfoHash(await Deno.readFile(torrentPath));
    if (infoHash && toHex(infoHash) === minimal.btih) return undefined;
  } catch {
    // The `.torrent` file is unreadable. The torrent is then rebuilt from the archive.
  }
  return (await describeTorrent(entry, hashing)).torrent;
}

/** Builds the torrent of an archive, under the standard name, on which the infohash depends. */
export function describeTorrent({ archivePath, minimal }: ValidSeedEntry, hashing: Hashing) {
  const name = archiveFileName(minimal.name, minimal.version);
  return describeArchive(archivePath, { name, ...hashing });
}
