/**
 * What the network needs to know of a ready archive: its hashes and its torrent. Whether the archive
 * is any good is `verify.ts`'s business.
 *
 * @module
 */

import { basename } from "node:path";
import { messageOf, PackageError } from "./errors.ts";
import { fileChanged, isSameFile, readChunks } from "./files.ts";
import { DigestThreads, usefulThreads } from "./threads.ts";
import { buildTorrent } from "./torrent.ts";

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
  using digest = new DigestThreads(lengthBytes, usefulThreads());
  const chunks = chunksOfArchive(archive, options.signal, () => digest.buffer());
  for await (const chunk of chunks) digest.update(chunk);
  const { sha256, pieces } = await digest.finish();
  const name = options.name ?? basename(path);
  return { lengthBytes, sha256, ...buildTorrent({ name, lengthBytes, pieces }) };
}

/** An archive that is open for reading. */
export interface OpenArchive extends Disposable {
  path: string;
  file: Deno.FsFile;
  info: Deno.FileInfo;
}

/**
 * Opens an archive.
 *
 * @throws {PackageError} `ARCHIVE_NOT_FOUND`, `ARCHIVE_UNREADABLE`
 */
export async function openArchive(path: string): Promise<OpenArchive> {
  let file: Deno.FsFile | undefined;
  try {
    // Before opening, because opening a FIFO waits for its other end.
    if (!(await Deno.stat(path)).isFile) throw new Error("it is not a regular file");
    file = await Deno.open(path);
    const info = await file.stat();
    const opened = file;
    return { path, file, info, [Symbol.dispose]: () => opened.close() };
  } catch (cause) {
    file?.close();
    if (cause instanceof Deno.errors.NotFound) {
      const message = `There is no archive at ${path}.`;
      throw new PackageError("not-found", "ARCHIVE_NOT_FOUND", message, {
        cause,
        detail: { path },
      });
    }
    throw unreadable(path, cause);
  }
}

/**
 * All bytes of the archive, from its start; a chunk is valid only until the next one is asked for.
 *
 * @param nextBuffer gives each chunk a buffer of its own instead, which is the receiver's
 * @throws {PackageError} `FILE_CHANGED` if there are fewer or more of them than when it was opened,
 * `ARCHIVE_UNREADABLE`
 */
export async function* chunksOfArchive(
  archive: OpenArchive,
  signal?: AbortSignal,
  nextBuffer?: () => Uint8Array | Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let readBytes = 0;
  try {
    await archive.file.seek(0, Deno.SeekMode.Start);
    for await (const chunk of readChunks(archive.file, signal, nextBuffer)) {
      readBytes += chunk.length;
      if (readBytes > archive.info.size) break;
      yield chunk;
    }
    if (readBytes === archive.info.size && isSameFile(archive.info, await archive.file.stat())) {
      return;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof PackageError ? cause : unreadable(archive.path, cause);
  }
  throw fileChanged(archive.path);
}

function unreadable(path: string, cause: unknown): PackageError {
  return new PackageError(
    "failed",
    "ARCHIVE_UNREADABLE",
    `The archive ${path} cannot be read: ${messageOf(cause)}`,
    { cause, detail: { path } },
  );
}
