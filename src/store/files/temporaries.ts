/**
 * Temporary files and directories ("temporaries"), and removal of those that killed processes left
 * behind. A process holds a lock (flock) on its temporary until it has renamed or removed the
 * temporary, and the operating system releases the lock when the process ends. So a temporary that
 * is not locked is abandoned.
 *
 * @module
 */

import { lstat, lutimes, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isOfFuture, toHex } from "../../base/mod.ts";
import { fileError, isCode } from "./errors.ts";

const PREFIX = ".tmp-";
/** Prefix of the names of temporary files that are locked by their process. */
const HELD_PREFIX = ".tmp-held-";
/**
 * Age at which a temporary file without lock counts as abandoned, in milliseconds since its last
 * write. Used for names without the prefix of locked temporaries, and on file systems without
 * locks.
 */
const STALE_MS = 3_600_000;
/**
 * Maximum number of attempts to create a temporary file, if other processes remove each new file
 * immediately. More removals indicate an attack.
 */
const MAX_TRIES = 16;

/** Matches the complete name of a locked temporary file. */
const HELD_NAME = /^\.tmp-held-[0-9a-f]{16}$/;

/**
 * A locked temporary file or directory. Rename or remove the file first; then dispose of this
 * object to release the lock.
 */
export interface Temporary extends Disposable {
  readonly path: string;
}

/** A temporary file that is open for writing. */
export interface TemporaryFile extends Temporary {
  readonly file: Deno.FsFile;
}

/** Whether a file name is that of a temporary file or directory. */
function isTemporary(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * Returns a new path with the name of a locked temporary. A file or directory that is renamed to
 * this path is not locked, so any process may remove the file or directory as abandoned.
 */
export function discardedPath(dir: string): string {
  return join(dir, HELD_PREFIX + toHex(crypto.getRandomValues(new Uint8Array(8))));
}

/**
 * Creates an empty temporary file, locks it, and opens it for writing.
 *
 * @param path path of the file, which must not exist; default: a new random name in `dir`
 * @throws the errors of the file system, not converted to StoreError
 */
export async function createTemporaryFile(
  dir: string,
  mode: number,
  path?: string,
): Promise<TemporaryFile> {
  const held = await createHeld(
    () => path ?? discardedPath(dir),
    (path) => Deno.open(path, { write: true, createNew: true, mode }),
  );
  return { ...held, [Symbol.dispose]: () => close(held.file) };
}

/**
 * Creates an empty temporary directory and locks it.
 *
 * @throws {StoreError} `NOT_WRITABLE`, `DISK_FULL`, `FILE_MISSING`, `IO_FAILED`
 */
export async function createTemporaryDirectory(dir: string): Promise<Temporary> {
  try {
    const { path, file } = await createHeld(() => discardedPath(dir), async (path) => {
      await mkdir(path);
      // Windows cannot open directories, so a directory has no lock there.
      return Deno.build.os === "windows" ? undefined : await Deno.open(path);
    });
    return { path, [Symbol.dispose]: () => close(file) };
  } catch (cause) {
    throw fileError(cause, "write", dir);
  }
}

async function createHeld<T extends Deno.FsFile | undefined>(
  newPath: () => string,
  create: (path: string) => Promise<T>,
): Promise<{ path: string; file: T }> {
  for (let tries = 1;; tries++) {
    const path = newPath();
    let file: T;
    try {
      file = await create(path);
    } catch (error) {
      // Another process removed the new directory before this process could lock it.
      if (!isCode(error, "ENOENT") || tries === MAX_TRIES) throw error;
      continue;
    }
    if (!file) return { path, file };
    try {
      await file.lock(true);
      // Check that the path still leads to the locked file: another process may have locked and
      // removed the new file first.
      const { ino } = await lstat(path);
      if (ino === (await file.stat()).ino || tries === MAX_TRIES) return { path, file };
    } catch (error) {
      const isGone = isCode(error, "ENOENT");
      // The file system has no locks, so only the temporary file's young age protects the file from
      // removal by other processes.
      if (!isGone || tries === MAX_TRIES) return { path, file };
    }
    close(file);
  }
}

function close(file: Deno.FsFile | undefined): void {
  try {
    file?.close();
  } catch {
    // Ignore the error: it means that the file is closed already.
  }
}

/**
 * Removes abandoned temporaries from a directory. On a file system with locks, a temporary is
 * abandoned if no process has locked the temporary; otherwise, if nothing was written to the
 * temporary for an hour. A missing directory counts as empty.
 *
 * @param nowMs current time, Unix milliseconds
 * @param known the names in the directory, if the caller has listed it already
 * @returns the names of the removed files and directories
 * @throws {StoreError} `NOT_READABLE`, `NOT_WRITABLE`, `IO_FAILED`
 */
export async function removeStaleTemporaries(
  dir: string,
  nowMs: number,
  known?: readonly string[],
): Promise<string[]> {
  let names: readonly string[];
  try {
    names = known ?? await readdir(dir);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw fileError(cause, "read", dir);
  }
  const removed: string[] = [];
  for (const name of names.filter(isTemporary)) {
    const path = join(dir, name);
    try {
      if (await removeIfStale(path, name, nowMs)) removed.push(name);
    } catch (cause) {
      // Ignore a missing file: the process that created the file may have renamed or removed it
      // meanwhile.
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", path);
    }
  }
  return removed;
}

/**
 * Removes abandoned temporary files from a user's directory, in which other programs may have
 * temporary files too. Only files whose complete names have libreseed's own form are removed. Removes
 * nothing in a thread that may not open the directory: the launcher does it in place of the thread.
 *
 * @throws {StoreError} `NOT_READABLE`, `NOT_WRITABLE`, `IO_FAILED`
 */
export async function removeOwnTemporaries(dir: string, nowMs: number): Promise<string[]> {
  const names = await readdir(dir, { withFileTypes: true }).catch((cause) => {
    if (cause instanceof Deno.errors.NotCapable) return [];
    throw fileError(cause, "read", dir);
  });
  const own = names.filter((one) => one.isFile() && HELD_NAME.test(one.name));
  return await removeStaleTemporaries(dir, nowMs, own.map(({ name }) => name));
}

async function removeIfStale(path: string, name: string, nowMs: number): Promise<boolean> {
  const info = await lstat(path);
  const isOld = nowMs - info.mtimeMs > STALE_MS;
  const canBeHeld = name.startsWith(HELD_PREFIX) && (info.isFile() || info.isDirectory());
  const lock = canBeHeld ? await tryToHold(path) : undefined;
  try {
    if (lock === "held" || (lock === undefined && !isOld)) {
      await dateBack(path, info.mtimeMs, nowMs);
      return false;
    }
    await rm(path, { recursive: true });
    return true;
  } finally {
    if (lock !== "held") close(lock);
  }
}

/**
 * Sets a file's modification time to the present if it lies in the future. Without this, the file
 * would not count as old until long after that time.
 *
 * @param path symbolic links are not followed
 * @param nowMs current time, Unix milliseconds
 */
export async function dateBack(path: string, mtimeMs: number, nowMs: number): Promise<void> {
  if (isOfFuture(mtimeMs, nowMs)) await lutimes(path, nowMs / 1_000, nowMs / 1_000);
}

/**
 * Tries to lock a temporary file. Returns the locked file; `"held"` if another process holds the
 * lock; `undefined` if the file system has no locks.
 */
async function tryToHold(path: string): Promise<Deno.FsFile | "held" | undefined> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path);
    if (await file.tryLock(true)) return file;
    close(file);
    return "held";
  } catch {
    close(file);
    return undefined;
  }
}
