/**
 * A lock between processes, held on an empty file. The operating system releases the lock when its
 * process ends, even if the process is killed.
 *
 * @module
 */

import { lstat } from "node:fs/promises";
import { type Clock, delay } from "../../base/mod.ts";
import { isCode } from "./atomic_files.ts";
import { fileError, linkRefused, StoreError } from "./errors.ts";

/** Options for acquiring a lock with {@linkcode lockFile}. */
export interface LockOptions {
  /** Whether to acquire an exclusive lock instead of a shared one. */
  exclusive: boolean;
  clock: Clock;
  /** Maximum time to wait for the lock, milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
}

const POLL_MS = 20;

/**
 * Waits for a lock on a file and acquires it. Disposing of the result releases the lock.
 *
 * @throws {StoreError} `DIRECTORY_BUSY` (kind `in-use`) if the wait exceeds `timeoutMs`,
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
    // Check for a symbolic link before opening the file, because opening would follow the link.
    if ((await lstat(path)).isSymbolicLink()) throw linkRefused(path);
  } catch (cause) {
    if (!isCode(cause, "ENOENT")) throw fileError(cause, "read", path);
  }
  return await openLockFile(path);
}

/**
 * Opens a lock file, and creates it if missing. Without write permission, opens it for reading,
 * which suffices to lock a file that another user created.
 */
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
