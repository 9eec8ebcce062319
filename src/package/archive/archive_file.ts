/**
 * Reads an archive from a file. The file is opened once, and a change during the read is an error.
 *
 * @module
 */

import { messageOf } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import { pieceLengthFor } from "../torrent/mod.ts";
import { fileChanged, isSameFile } from "./file_mark.ts";
import { hasMemberList, LIST_MARK_BYTES } from "./member_list.ts";
import { readChunks } from "./read_chunks.ts";

/** An archive file that is open for reading, with its status at the time of opening. */
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
    // Check the file type before opening, because opening a FIFO blocks until its other end is
    // opened.
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
 * Yields all bytes of the archive from its start. Each chunk is valid only until the next one is
 * requested.
 *
 * @throws {PackageError} `FILE_CHANGED` if the archive was altered since it was opened,
 * `ARCHIVE_UNREADABLE`
 */
export async function* chunksOfArchive(
  archive: OpenArchive,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let readBytes = 0;
  try {
    await archive.file.seek(0, Deno.SeekMode.Start);
    for await (const chunk of readChunks(archive.file, signal)) {
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

/**
 * Returns the length in bytes of the pieces of an archive's torrent, which depends on the archive's first
 * bytes.
 *
 * @param name name of the file in its torrent
 * @throws {PackageError} `ARCHIVE_UNREADABLE`
 */
export async function pieceBytesOf(
  { path, file, info }: OpenArchive,
  name?: string,
): Promise<number> {
  const beginning = new Uint8Array(LIST_MARK_BYTES);
  try {
    await file.seek(0, Deno.SeekMode.Start);
    const lengthBytes = await file.read(beginning) ?? 0;
    return pieceLengthFor(info.size, {
      name,
      hasMemberList: hasMemberList(beginning.subarray(0, lengthBytes)),
    });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Converts a system error to an `ARCHIVE_UNREADABLE` error. */
export function unreadable(path: string, cause: unknown): PackageError {
  return new PackageError(
    "failed",
    "ARCHIVE_UNREADABLE",
    `The archive ${path} cannot be read: ${messageOf(cause)}`,
    { cause, detail: { path } },
  );
}
