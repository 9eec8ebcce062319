/**
 * Files that appear whole or not at all: written under a temporary name in the same directory, flushed
 * to the disk, renamed, and the directory flushed. A process that is killed at any instant leaves at
 * most a temporary file, which begins with `.tmp-` and is removed at the next start.
 *
 * @module
 */

import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toHex, utf8 } from "../base/mod.ts";
import { fileError, linkRefused, StoreError } from "./errors.ts";

const PREFIX = ".tmp-";
/** A temporary that was not written to for this long is nobody's, whatever its process id says. */
const STALE_MS = 3_600_000;
/** Nobody replaces a file so often while it is being opened, unless to mislead. */
const MAX_OPEN_TRIES = 16;

/** What a file is written from. */
export type WritableData = Uint8Array | string | AsyncIterable<Uint8Array>;

/**
 * Writes a file, replacing what was there. When it resolves the bytes and the name are on the disk;
 * when it rejects nothing has changed and no temporary is left.
 *
 * @param data bytes, text as UTF-8, or chunks; an error of theirs is passed on as it is
 * @param options `mode` is 0644 unless given, less the umask
 * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `FILE_MISSING` (no such directory), `IO_FAILED`
 */
export async function writeFileAtomic(
  path: string,
  data: WritableData,
  options: { mode?: number } = {},
): Promise<void> {
  const temporary = await writeTemporary(path, data, options.mode);
  try {
    await renameFile(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path));
}

/**
 * Gives a file that was written elsewhere in the same file system its final name, replacing what was
 * there. When it resolves the bytes and the name are on the disk. On failure the file stays where it
 * was.
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
 * Removes the temporaries that killed processes left in a directory: those whose process (its id is in
 * the name) does not exist any more, those of this process id from before this process began, and any
 * that was not written to for an hour. Where there is no /proc, only the last two.
 *
 * @param nowMs Unix time in milliseconds
 * @returns the names of the files and directories that were removed
 * @throws {StoreError} `NOT_READABLE`, `NOT_WRITABLE`, `IO_FAILED`; a directory that does not exist
 * has none
 */
export async function removeStaleTemporaries(dir: string, nowMs: number): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw fileError(cause, "read", dir);
  }
  const removed: string[] = [];
  for (const name of names.filter(isTemporary)) {
    const path = join(dir, name);
    try {
      const { mtimeMs } = await lstat(path);
      if (!await isStale(name, mtimeMs, nowMs)) continue;
      // Packing works in a temporary directory.
      await rm(path, { recursive: true });
      removed.push(name);
    } catch (cause) {
      // Its process may have renamed or removed it just now.
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", path);
    }
  }
  return removed;
}

async function isStale(name: string, mtimeMs: number, nowMs: number): Promise<boolean> {
  if (nowMs - mtimeMs > STALE_MS) return true;
  const pid = Number(/^\.tmp-(\d+)-/.exec(name)?.[1]);
  if (!Number.isSafeInteger(pid)) return false;
  // In a container every start may get the same process id.
  if (pid === Deno.pid) return mtimeMs < performance.timeOrigin;
  if (Deno.build.os !== "linux") return false;
  return await lstat(`/proc/${pid}`).then(() => false, (cause) => isCode(cause, "ENOENT"));
}

/** Whether a file name is one of ours for a temporary. */
export function isTemporary(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * Writes a temporary beside `path` and flushes it to the disk. On failure it is removed.
 *
 * @returns its path
 */
export async function writeTemporary(
  path: string,
  data: WritableData,
  mode = 0o644,
): Promise<string> {
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const temporary = join(dirname(path), `${PREFIX}${Deno.pid}-${random}`);
  let file: FileHandle | undefined;
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), mode);
    const chunks = typeof data === "string" ? [utf8(data)] : data;
    for await (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) {
      await writeAll(file, chunk);
    }
    await file.sync();
    await file.close();
  } catch (cause) {
    await file?.close().catch(() => {});
    if (file) await unlink(temporary).catch(() => {});
    throw fileError(cause, "write", path);
  }
  return temporary;
}

/** Renames a file, replacing what was there. */
export async function renameFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (cause) {
    throw fileError(cause, "write", to);
  }
}

/** Flushes a regular file that somebody else wrote. */
export async function syncFile(path: string): Promise<void> {
  // Windows flushes only what is open for writing.
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

/** Flushes a directory, so that names in it survive a power cut. Windows cannot open directories. */
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

/**
 * Opens a regular file and nothing else: a link is refused, and a FIFO does not block.
 *
 * @throws {StoreError} `LINK_REFUSED`, `NOT_A_FILE`, `FILE_MISSING`, `NOT_READABLE`, `IO_FAILED`
 */
export async function openRegular(
  path: string,
  flags: number = constants.O_RDONLY,
): Promise<FileHandle> {
  for (let tries = 1;; tries++) {
    const file = await openFile(path, flags);
    try {
      if (await isWhatLiesAt(file, path, tries)) return file;
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
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
 * Deno follows links itself, O_NOFOLLOW or not, unless the process has all permissions. So what was
 * opened is compared with what lies at the path. If they differ and there is no link, somebody has put
 * another file there since, and it is to be opened again; after some tries it counts as a link.
 */
async function isWhatLiesAt(file: FileHandle, path: string, tries: number): Promise<boolean> {
  const opened = await file.stat();
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

/** Whether an error is the system's, of this code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}
