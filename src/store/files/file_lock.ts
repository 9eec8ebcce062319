/**
 * A lock between processes, on a file that says nothing. The system lets go of it when its process
 * ends, however it ends.
 *
 * @module
 */

import { lstat } from "node:fs/promises";
import { type Clock, delay } from "../../base/mod.ts";
import { isCode } from "./atomic_files.ts";
import { fileError, linkRefused, StoreError } from "./errors.ts";

/** What {@linkcode lockFile} takes. */
export interface LockOptions {
  /** Whether nobody else may hold it; otherwise others may share it. */
  exclusive: boolean;
  clock: Clock;
  /** How long to wait for the others, milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
}

const POLL_MS = 20;

/**
 * Waits until the lock is had. Dispose of it to give it back.
 *
 * @throws {StoreError} `DIRECTORY_BUSY` (kind `in-use`) if others kept it for too long,
 * `LINK_REFUSED`, and the errors of the file system
 */
export async function lockFile(path: string, options: LockOptions): Promise<Disposable> {
  const { exclusive, clock, timeoutMs, signal } = options;
  const file = await openLock(path);
  try {
    const endMs = clock.now() + timeoutMs;
    while (!await file.tryLock(exclusive)) {
      if (clock.now() >= endMs) throw busy(path, timeoutMs);
      await delay(clock, POLL_MS, signal);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    // Opening would follow it.
    if ((await lstat(path)).isSymbolicLink()) throw linkRefused(path);
  } catch (cause) {
    if (!isCode(cause, "ENOENT")) throw fileError(cause, "read", path);
  }
  return await openLockFile(path);
}

/** Opens a file to lock it. One that another user has made can be locked by whoever may read it. */
export async function openLockFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true, write: true, create: true, mode: 0o644 });
  } catch (cause) {
    if (isCode(cause, "EACCES")) {
      const file = await Deno.open(path, { read: true }).catch(() => undefined);
      if (file) return file;
    }
    throw fileError(cause, "write", path);
  }
}

function busy(path: string, timeoutMs: number): StoreError {
  const message = `another libreseed process has held ${path} for ${timeoutMs / 1000} seconds: ` +
    `try again when it is done`;
  return new StoreError("in-use", "DIRECTORY_BUSY", message, { detail: { path } });
}
