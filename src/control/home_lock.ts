/**
 * One process at a time owns a home's engine. The system's file lock says who: it goes away with
 * the process, so nothing stale is ever left behind.
 *
 * @module
 */

import { dirname } from "node:path";
import { notWritable } from "./home.ts";

/** A home's lock that this process holds. */
export interface HomeLock {
  release(): void;
}

/**
 * Takes the lock if it is free.
 *
 * @param path of the lock file; the holder's process id is written into it
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
    // The disk is full. The lock holds; only our name is missing in errors of others.
  }
  return { release: () => file.close() };
}

/** The process id that the holder wrote; `undefined` if there is none. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const text = await Deno.readTextFile(path).catch(() => "");
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Whether nobody holds the lock. */
export async function isHomeFree(path: string): Promise<boolean> {
  const lock = await tryLockHome(path);
  lock?.release();
  return lock !== undefined;
}
