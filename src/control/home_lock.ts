/**
 * The lock that makes one process the host of a home directory. The lock is a file lock of the
 * operating system. Such a lock ends with its process, so a killed process leaves no stale lock.
 *
 * @module
 */

import { dirname } from "node:path";
import { notWritable } from "./home.ts";

/** The lock of a home directory, held by this process. */
export interface HomeLock {
  release(): void;
}

/**
 * Takes the lock if it is free, and writes the id of this process into the lock file.
 *
 * @param path path of the lock file
 * @returns the lock, or `undefined` if another process holds it
 * @throws {ControlError} `HOME_NOT_WRITABLE`
 */
export async function tryLockHome(path: string): Promise<HomeLock | undefined> {
  const options = { read: true, write: true, create: true, mode: 0o600 };
  const file = await Deno.open(path, options).catch((cause) => {
    throw notWritable(dirname(path), cause, path);
  });
  if (!await file.tryLock(true)) {
    file.close();
    return undefined;
  }
  try {
    await file.truncate();
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // On a full disk, the lock is valid without the process id. Error messages then cannot name the
    // process.
  }
  return { release: () => file.close() };
}

/** Reads the id of the process that holds the lock; `undefined` if the lock file contains none. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const text = await Deno.readTextFile(path).catch(() => "");
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Whether no process holds the lock of a home directory. */
export async function isHomeFree(path: string): Promise<boolean> {
  const lock = await tryLockHome(path);
  lock?.release();
  return lock !== undefined;
}
