/**
 * Computes the hashes and the torrent of a ready archive. Checking the archive's validity is the
 * task of `../verifying`.
 *
 * @module
 */

import { basename } from "node:path";
import { ArchivePass, openArchive, pieceBytesOf, type StartThread } from "../archive/mod.ts";
import { buildTorrent } from "../torrent/mod.ts";

/** The hashes and the torrent of an archive. */
export interface ArchiveDescription {
  lengthBytes: number;
  /** SHA-256 of the archive, 32 bytes. */
  sha256: Uint8Array;
  /** BitTorrent v1 infohash, 20 bytes. */
  infoHash: Uint8Array;
  /** Contents of the `.torrent` file. */
  torrent: Uint8Array;
}

/**
 * Computes the SHA-256 and the torrent of an archive in one pass.
 *
 * @param options.name the name in the torrent, on which the infohash depends. Default: the
 * archive's file name
 * @param options.startThread starts a thread that hashes. Default: the calling thread hashes
 * @throws {PackageError} `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`, `FILE_CHANGED`
 */
export async function describeArchive(
  path: string,
  options: { name?: string; startThread?: StartThread; signal?: AbortSignal } = {},
): Promise<ArchiveDescription> {
  using archive = await openArchive(path);
  const lengthBytes = archive.info.size;
  // The pass needs no `using`: the next statement calls `finish()`, which waits for the threads.
  const name = options.name ?? basename(path);
  const pieceBytes = await pieceBytesOf(archive, name);
  const pass = await ArchivePass.start({
    source: archive,
    pieceBytes,
    startThread: options.startThread,
    signal: options.signal,
  });
  const { sha256, pieces } = await pass.finish();
  return { lengthBytes, sha256, ...buildTorrent({ name, lengthBytes, pieceBytes, pieces }) };
}
