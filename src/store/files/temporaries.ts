/**
 * Files and directories that are made under a temporary name, and what killed processes left of them.
 * Whoever makes one holds a lock on it (flock) until it has its final name or is gone; the system lets
 * go of the lock when the process ends, however it ends. So one that can be locked is nobody's.
 *
 * @module
 */

import { lstat, lutimes, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isOfFuture, toHex } from "../../base/mod.ts";
import { fileError, isCode } from "./errors.ts";

const PREFIX = ".tmp-";
/** Temporaries that are locked while somebody uses them. */
const HELD_PREFIX = ".tmp-held-";
/** Others, and all where files cannot be locked, are nobody's if they were not written to for so long. */
const STALE_MS = 3_600_000;
/** Nobody takes so many away at the moment they are made, unless to mislead. */
const MAX_TRIES = 16;

/** Their names in full. */
const HELD_NAME = /^\.tmp-held-[0-9a-f]{16}$/;

/** A temporary that is ours until it is disposed of; it has to be renamed or removed before. */
export interface Temporary extends Disposable {
  readonly path: string;
}

/** A temporary to write to. */
export interface TemporaryFile extends Temporary {
  readonly file: Deno.FsFile;
}

/** Whether a file name is one of ours for a temporary. */
function isTemporary(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** A path for something that may be removed by anybody at once. */
export function discardedPath(dir: string): string {
  return join(dir, HELD_PREFIX + toHex(crypto.getRandomValues(new Uint8Array(8))));
}

/**
 * Makes an empty file and opens it.
 *
 * @throws the errors of the file system as they are
 */
export async function createTemporaryFile(dir: string, mode: number): Promise<TemporaryFile> {
  const { path, file } = await createHeld(
    dir,
    (path) => Deno.open(path, { write: true, createNew: true, mode }),
  );
  return { path, file, [Symbol.dispose]: () => close(file) };
}

/**
 * Makes an empty directory.
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
      // A directory that was just made, and taken for nobody's before it was opened.
      if (!isCode(error, "ENOENT") || tries === MAX_TRIES) throw error;
      continue;
    }
    if (!file) return { path, file };
    try {
      await file.lock(true);
      // Whoever tidied up just now may have had the lock before us, and taken it for nobody's.
      const { ino } = await lstat(path);
      if (ino === (await file.stat()).ino || tries === MAX_TRIES) return { path, file };
    } catch (error) {
      const isGone = isCode(error, "ENOENT");
      // A file system without locks: it is left alone for an hour.
      if (!isGone || tries === MAX_TRIES) return { path, file };
    }
    close(file);
  }
}

function close(file: Deno.FsFile | undefined): void {
  try {
    file?.close();
  } catch {
    // It was closed before.
  }
}

/**
 * Removes the temporaries that killed processes left in a directory: those that nobody has locked, and
 * of those that are not locked by whoever uses them, any that was not written to for an hour.
 *
 * @param nowMs Unix time in milliseconds
 * @param known the names in the directory, if they are known
 * @returns the names of the files and directories that were removed
 * @throws {StoreError} `NOT_READABLE`, `NOT_WRITABLE`, `IO_FAILED`; a directory that does not exist
 * has none
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
      // Its process may have renamed or removed it just now.
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", path);
    }
  }
  return removed;
}

/**
 * The same in a directory of the user's, where other programs may keep temporaries too: only what has
 * the whole form of a name of ours, and is a file.
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
 * Gives a file the present time if it has one of the future: else it would count as new for as long as
 * the clock was ahead that dated it.
 *
 * @param path no link is followed
 * @param nowMs Unix time in milliseconds
 */
export async function dateBack(path: string, mtimeMs: number, nowMs: number): Promise<void> {
  if (isOfFuture(mtimeMs, nowMs)) await lutimes(path, nowMs / 1_000, nowMs / 1_000);
}

/** Locks it; `undefined` where that cannot be done. */
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
