/**
 * Staging directories, and writing files so that they appear complete or not at all. This also
 * holds after a power cut, if the file and its directory were flushed.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { isDiskFull, messageOf, outOfReach, toHex } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";

/** Prefix of all temporary names, including those made by other rooms. */
const TEMPORARY_PREFIX = ".tmp-";
/**
 * Names of locked temporaries. `src/store/files` makes such names too, and removes the temporaries
 * of that name that no process has locked.
 */
const STAGING_NAME = /^\.tmp-held-[0-9a-f]{16}$/;
/**
 * Maximum number of attempts to create a staging directory, if other processes remove each new
 * directory before it is locked. More removals indicate an attack.
 */
const MAX_TRIES = 16;

/**
 * Whether a file name has the form of a staging directory's name. Such a directory may be left over
 * from a killed process.
 */
export function isStagingName(name: string): boolean {
  return STAGING_NAME.test(name);
}

/** Returns a new path in a directory, with the name of a staging directory. */
export function newStagingPath(directory: string): string {
  return join(directory, `.tmp-held-${toHex(crypto.getRandomValues(new Uint8Array(8)))}`);
}

/**
 * Whether Deno denied access to a path because it is not in the thread's list. The thread of a
 * command has the paths of its outputs in the list, and not the directory that holds them. A path
 * that no list can permit, such as one in `/proc`, is another matter.
 */
export function isNotGranted(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable && outOfReach(error) === undefined;
}

/**
 * A directory for files that are not complete yet, beside their final paths. The process holds a
 * lock on the directory, so that other processes know that the directory is in use. Disposing of
 * this object removes the directory with everything that was not moved out of it.
 */
export class Staging implements AsyncDisposable {
  readonly path: string;
  readonly #lock: Deno.FsFile | undefined;
  #count = 0;

  private constructor(path: string, lock: Deno.FsFile | undefined) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Creates the directory, which only this user can enter, and locks it.
   *
   * @param path a path that does not exist, with a name as {@linkcode newStagingPath} makes it
   * @throws the errors of the file system
   */
  static async create(path: string): Promise<Staging> {
    for (let tries = 1;; tries++) {
      await Deno.mkdir(path, { mode: 0o700 });
      // Windows cannot open directories, so a directory has no lock there.
      if (Deno.build.os === "windows") return new Staging(path, undefined);
      const lock = await lockOf(path);
      // Another process took the new directory for an abandoned one, and removed it.
      if (lock === "gone" && tries < MAX_TRIES) continue;
      return new Staging(path, lock === "gone" ? undefined : lock);
    }
  }

  /** Returns a new path in the directory. Does not create the file. */
  next(): string {
    return join(this.path, `${++this.#count}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true }).catch(() => {});
    this.#lock?.close();
  }
}

/**
 * Locks a new directory. Returns `undefined` if the file system has no locks, and `"gone"` if the
 * path leads to the locked directory no more.
 */
async function lockOf(path: string): Promise<Deno.FsFile | undefined | "gone"> {
  let directory: Deno.FsFile | undefined;
  try {
    directory = await Deno.open(path);
    await directory.lock(true);
    if ((await Deno.lstat(path)).ino === (await directory.stat()).ino) return directory;
    directory.close();
    return "gone";
  } catch (cause) {
    directory?.close();
    return cause instanceof Deno.errors.NotFound ? "gone" : undefined;
  }
}

/**
 * Moves a finished file or directory from a staging directory to its final path, where it replaces
 * a file or an empty directory. The caller has to flush the directory, see
 * {@linkcode syncDirectoryOf}.
 *
 * @throws {PackageError} `WRITE_FAILED`, `DISK_FULL`
 */
export async function moveIntoPlace(staged: string, path: string): Promise<void> {
  await Deno.rename(staged, path).catch((cause) => {
    throw writeFailed(path, cause);
  });
}

/**
 * Flushes the directory that holds a path, so that the path's new name survives a power cut. Does
 * nothing on Windows. A command's thread may not open the directory. It flushes what the path leads
 * to instead: a journaling file system writes an inode together with the renaming of the inode.
 */
export async function syncDirectoryOf(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  // Not `using`: the minifier would remove the declaration, and the directory would stay open.
  const opened = await Deno.open(dirname(path)).catch((cause) => {
    if (isNotGranted(cause)) return Deno.open(path);
    throw cause;
  });
  try {
    await opened.sync();
  } finally {
    opened.close();
  }
}

/** Converts a system error to a `DISK_FULL` or `WRITE_FAILED` error. */
export function writeFailed(path: string, cause: unknown): PackageError {
  const where = withoutTemporary(path);
  if (isDiskFull(cause)) {
    const message = `No space left to write ${where}. Free some space and try again.`;
    return new PackageError("failed", "DISK_FULL", message, { cause, detail: { path: where } });
  }
  return new PackageError(
    "failed",
    "WRITE_FAILED",
    `${where} cannot be written: ${messageOf(cause)}`,
    { cause, detail: { path } },
  );
}

/**
 * Returns the directory of a temporary file, or of a file in a temporary directory, for error
 * messages: temporary names mean nothing to people. Returns any other path unchanged.
 */
export function withoutTemporary(path: string): string {
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    if (basename(at).startsWith(TEMPORARY_PREFIX)) return dirname(at);
  }
  return path;
}
