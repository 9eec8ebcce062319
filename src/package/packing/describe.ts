/**
 * What the network needs to know of a ready archive: its hashes and its torrent. Whether the archive
 * is any good is `verify.ts`'s business.
 *
 * @module
 */

import { basename } from "node:path";
import { ArchivePass, openArchive } from "../archive/mod.ts";
import { buildTorrent } from "../torrent/mod.ts";

/** An archive from outside. */
export interface ArchiveDescription {
  lengthBytes: number;
  /** 32 bytes. */
  sha256: Uint8Array;
  /** BitTorrent v1 infohash, 20 bytes. */
  infoHash: Uint8Array;
  /** The `.torrent` file. */
  torrent: Uint8Array;
}

/**
 * Reads an archive once, from start to end, for SHA-256 and the torrent's pieces at the same time.
 *
 * @param options.name the name in the torrent, on which the infohash depends; the file's own if it is
 * not given
 * @throws {PackageError} `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`, `FILE_CHANGED`
 */
export async function describeArchive(
  path: string,
  options: { name?: string; signal?: AbortSignal } = {},
): Promise<ArchiveDescription> {
  using archive = await openArchive(path);
  const lengthBytes = archive.info.size;
  // Not disposed of: finish() waits for its threads, and nothing comes between the two.
  const pass = await ArchivePass.start({
    source: archive,
    pieces: true,
    signal: options.signal,
  });
  const { sha256, pieces } = await pass.finish();
  const name = options.name ?? basename(path);
  return { lengthBytes, sha256, ...buildTorrent({ name, lengthBytes, pieces }) };
}
