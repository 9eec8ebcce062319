/**
 * Atomic file writes: a file is written under a temporary name in the same directory, flushed to
 * the disk and renamed to its final name; then the directory is flushed. A process that is killed
 * leaves at most a temporary file, whose name begins with `.tmp-`. The next start of libreseed
 * removes it.
 *
 * @module
 */

import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { utf8, writeAll } from "../../base/mod.ts";
import { fileError, hardLinkRefused, isCode, linkRefused, StoreError } from "./errors.ts";
import { createTemporaryFile, type Temporary, type TemporaryFile } from "./temporaries.ts";

export { isCode } from "./errors.ts";

/**
 * Maximum number of attempts to open a file that other processes keep replacing. More replacements
 * indicate an attack.
 */
const MAX_OPEN_TRIES = 16;

/** The contents of a file to write: bytes, text or chunks. */
export type WritableData = Uint8Array | string | AsyncIterable<Uint8Array>;

/**
 * Writes a file atomically, and replaces an existing one. When the promise resolves, contents and
 * name are on the disk. When it rejects, nothing has changed and no temporary file remains.
 *
 * @param data bytes, text (written as UTF-8), or chunks; an error of the iterator is rethrown
 * @param options `mode` defaults to 0644, reduced by the umask; `temporaryPath` is the path of the
 *   temporary file, in the directory of `path`, and defaults to a new random name
 * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `FILE_MISSING` (no such directory), `IO_FAILED`
 */
export async function writeFileAtomic(
  path: string,
  data: WritableData,
  options: { mode?: number; temporaryPath?: string } = {},
): Promise<void> {
  using temporary = await writeTemporary(path, data, options.mode, options.temporaryPath);
  try {
    await renameFile(temporary.path, path);
  } catch (error) {
    await unlink(temporary.path).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path)).catch(async (error) => {
    if (!(error.cause instanceof Deno.errors.NotCapable)) throw error;
    // A command's thread may not open the user's directory. It flushes the file again instead: a
    // journaling file system writes an inode together with the renaming of the inode.
    await syncFile(path);
  });
}

/**
 * Renames a complete file to its final name on the same file system, and replaces an existing file.
 * When the promise resolves, contents and name are on the disk. On failure, the file keeps its old
 * name.
 *
 * @throws {StoreError} `FILE_MISSING`, `LINK_REFUSED`, `NOT_A_FILE`, `DISK_FULL`, `NOT_WRITABLE`,
 * `IO_FAILED` (also if the paths are on two file systems)
 */
export async function moveIntoPlace(tempPath: string, finalPath: string): Promise<void> {
  await syncFile(tempPath);
  await renameFile(tempPath, finalPath);
  await syncDirectory(dirname(finalPath));
}

/**
 * Writes a temporary file in the directory of `path` and flushes it to the disk. Removes the
 * temporary file on failure.
 *
 * @returns the temporary file; dispose of it after renaming or removing the file
 */
export async function writeTemporary(
  path: string,
  data: WritableData,
  mode = 0o644,
  temporaryPath?: string,
): Promise<Temporary> {
  let temporary: TemporaryFile | undefined;
  try {
    temporary = await createTemporaryFile(dirname(path), mode, temporaryPath);
    const chunks = typeof data === "string" ? [utf8(data)] : data;
    for await (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) {
      await writeAll(temporary.file, chunk);
    }
    await temporary.file.sync();
    // Close the file, because Windows cannot rename an open file.
    if (Deno.build.os === "windows") temporary.file.close();
    return temporary;
  } catch (cause) {
    if (temporary) await unlink(temporary.path).catch(() => {});
    temporary?.[Symbol.dispose]();
    throw fileError(cause, "write", path);
  }
}

/** Renames a file, and replaces an existing file of the new name. */
export async function renameFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (cause) {
    throw fileError(cause, "write", to);
  }
}

/** Removes a file. Returns whether the file existed. */
export async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return false;
    throw fileError(cause, "write", path);
  }
}

/** Flushes the contents of a regular file to the disk. */
export async function syncFile(path: string): Promise<void> {
  // Open the file for writing on Windows, which cannot flush a file that is open for reading only.
  const flags = Deno.build.os === "windows" ? constants.O_RDWR : constants.O_RDONLY;
  const file = await openRegular(path, flags);
  try {
    await file.sync();
  } catch (cause) {
    throw fileError(cause, "write", path);
  } finally {
    await file.close();
  }
}

/**
 * Flushes a directory to the disk, so that the names of new files survive a power cut. Does nothing
 * on Windows, which cannot open directories.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, constants.O_RDONLY);
    await directory.sync();
  } catch (cause) {
    throw fileError(cause, "write", path);
  } finally {
    await directory?.close();
  }
}

/** Options for opening a regular file. */
export interface OpenOptions {
  /**
   * Whether to refuse a file with more than one name (hard links). The opened file is checked, so
   * that the file cannot be exchanged between check and use.
   */
  oneName?: boolean;
}

/**
 * Opens a regular file. Refuses symbolic links. Does not block if the path is a FIFO.
 *
 * @throws {StoreError} `LINK_REFUSED`, `NOT_A_FILE`, `FILE_MISSING`, `NOT_READABLE`, `IO_FAILED`
 */
export async function openRegular(
  path: string,
  flags: number = constants.O_RDONLY,
  { oneName = false }: OpenOptions = {},
): Promise<FileHandle> {
  for (let tries = 1;; tries++) {
    const file = await openFile(path, flags);
    try {
      const opened = await file.stat();
      if (await isFileAt(opened, path, tries)) {
        if (!oneName || opened.nlink <= 1) return file;
        throw hardLinkRefused(path, opened.nlink);
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
  }
}

/**
 * Reads a regular file. If the file is longer than `maxBytes`, returns `maxBytes` + 1 bytes, from
 * which the caller sees that the file is too long. Throws like {@linkcode openRegular}.
 */
export async function readAtMost(
  path: string,
  maxBytes: number,
  options: OpenOptions = {},
): Promise<Uint8Array> {
  const file = await openRegular(path, constants.O_RDONLY, options);
  try {
    const { size } = await file.stat();
    const buffer = new Uint8Array(Math.min(size, maxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } catch (cause) {
    throw fileError(cause, "read", path);
  } finally {
    await file.close();
  }
}

/**
 * Whether a file has one name only. A file with several names (hard links) may lie in another
 * directory, too. Does not follow a symbolic link.
 *
 * @throws {StoreError} `FILE_MISSING`, `NOT_READABLE`, `IO_FAILED`
 */
export async function hasOneName(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).nlink <= 1;
  } catch (cause) {
    throw fileError(cause, "read", path);
  }
}

async function openFile(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    if (isCode(cause, "EISDIR")) throw notAFile(path);
    throw fileError(cause, flags === constants.O_RDONLY ? "read" : "write", path);
  }
}

/**
 * Whether an open file is still the file at its path, and no symbolic link was followed. The check
 * is needed because Deno ignores O_NOFOLLOW unless the process has all permissions. Returns `false`
 * if another file has replaced the open one, so that the caller opens the path again. Throws
 * `LINK_REFUSED` for a symbolic link, and after the maximum number of attempts.
 */
async function isFileAt(opened: Stats, path: string, tries: number): Promise<boolean> {
  if (!opened.isFile()) throw notAFile(path);
  const there = await lstat(path).catch((cause) => {
    throw fileError(cause, "read", path);
  });
  if (there.ino === opened.ino && there.dev === opened.dev) return true;
  if (there.isSymbolicLink() || tries === MAX_OPEN_TRIES) throw linkRefused(path);
  return false;
}

function notAFile(path: string): StoreError {
  return new StoreError("failed", "NOT_A_FILE", `${path} is not a regular file`, {
    detail: { path },
  });
}
