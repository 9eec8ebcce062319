/**
 * Temporary files and directories, and removal of those that killed processes left behind. A
 * process holds a lock (flock) on its temporary until the temporary is renamed or removed, and the
 * system releases the lock when the process ends. So a temporary that can be locked is abandoned.
 *
 * @module
 */

import { lstat, lutimes, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isOfFuture, toHex } from "../../base/mod.ts";
import { fileError, isCode } from "./errors.ts";

const PREFIX = ".tmp-";
/** Prefix of temporaries that their process keeps locked. */
const HELD_PREFIX = ".tmp-held-";
/**
 * Age from which a temporary without a lock counts as abandoned, milliseconds since its last write.
 * It applies to temporaries with another prefix and to file systems without locks.
 */
const STALE_MS = 3_600_000;
/** Maximum attempts to create a temporary that is removed at once; more indicate an attack. */
const MAX_TRIES = 16;

/** Complete form of a locked temporary's name. */
const HELD_NAME = /^\.tmp-held-[0-9a-f]{16}$/;

/** A locked temporary. Rename or remove it, then dispose of this object to release the lock. */
export interface Temporary extends Disposable {
  readonly path: string;
}

/** A temporary file that is open for writing. */
export interface TemporaryFile extends Temporary {
  readonly file: Deno.FsFile;
}

/** Whether a file name is that of a temporary. */
function isTemporary(name: string): boolean {
  return name.startsWith(PREFIX);
}

/**
 * A path for a file or directory that is to be deleted. Without a lock, any process may remove it
 * at once.
 */
export function discardedPath(dir: string): string {
  return join(dir, HELD_PREFIX + toHex(crypto.getRandomValues(new Uint8Array(8))));
}

/**
 * Creates an empty temporary file, open for writing.
 *
 * @throws the errors of the file system, unconverted
 */
export async function createTemporaryFile(dir: string, mode: number): Promise<TemporaryFile> {
  const { path, file } = await createHeld(
    dir,
    (path) => Deno.open(path, { write: true, createNew: true, mode }),
  );
  return { path, file, [Symbol.dispose]: () => close(file) };
}

/**
 * Creates an empty temporary directory.
 *
 * @throws {StoreError} `NOT_WRITABLE`, `DISK_FULL`, `FILE_MISSING`, `IO_FAILED`
 */
export async function createTemporaryDirectory(dir: string): Promise<Temporary> {
  try {
    const { path, file } = await createHeld(dir, async (path) => {
      await mkdir(path);
      // Windows cannot open directories.
      return Deno.build.os === "windows" ? undefined : await Deno.open(path);
    });
    return { path, [Symbol.dispose]: () => close(file) };
  } catch (cause) {
    throw fileError(cause, "write", dir);
  }
}

async function createHeld<T extends Deno.FsFile | undefined>(
  dir: string,
  create: (path: string) => Promise<T>,
): Promise<{ path: string; file: T }> {
  for (let tries = 1;; tries++) {
    const path = discardedPath(dir);
    let file: T;
    try {
      file = await create(path);
    } catch (error) {
      // Another process removed the new directory before it was locked.
      if (!isCode(error, "ENOENT") || tries === MAX_TRIES) throw error;
      continue;
    }
    if (!file) return { path, file };
    try {
      await file.lock(true);
      // Another process may have locked and removed the temporary before we locked it.
      const { ino } = await lstat(path);
      if (ino === (await file.stat()).ino || tries === MAX_TRIES) return { path, file };
    } catch (error) {
      const isGone = isCode(error, "ENOENT");
      // The file system has no locks, so the temporary is protected by its age alone.
      if (!isGone || tries === MAX_TRIES) return { path, file };
    }
    close(file);
  }
}

function close(file: Deno.FsFile | undefined): void {
  try {
    file?.close();
  } catch {
    // The file is closed already.
  }
}

/**
 * Removes abandoned temporaries from a directory: those whose lock is free, and those of the kind
 * without locks that were not written to for an hour. A missing directory counts as empty.
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
      // The owning process may have renamed or removed the temporary meanwhile.
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", path);
    }
  }
  return removed;
}

/**
 * Removes abandoned temporary files from a directory of the user, where other programs may keep
 * temporaries too. Considers only files with the complete form of libreseed's own names.
 *
 * @throws {StoreError} `NOT_READABLE`, `NOT_WRITABLE`, `IO_FAILED`
 */
export async function removeOwnTemporaries(dir: string, nowMs: number): Promise<string[]> {
  const names = await readdir(dir, { withFileTypes: true }).catch((cause) => {
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
 * Sets a modification time that lies in the future to the present. Otherwise a file dated by a
 * clock that was ahead would count as new until that time.
 *
 * @param path links are not followed
 * @param nowMs current time, Unix milliseconds
 */
export async function dateBack(path: string, mtimeMs: number, nowMs: number): Promise<void> {
  if (isOfFuture(mtimeMs, nowMs)) await lutimes(path, nowMs / 1_000, nowMs / 1_000);
}

/** Tries to lock a temporary; `"held"` if its process holds the lock, `undefined` without locks. */
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
