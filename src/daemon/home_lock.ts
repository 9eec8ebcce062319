/**
 * One process at a time owns a home's engine. The system's file lock says who: it goes away with
 * the process, so nothing stale is ever left behind.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";

/** A home's lock that this process holds. */
export interface HomeLock {
  release(): void;
}

/** How often to look whether the lock is free, milliseconds. */
const POLL_MS = 50;

/**
 * Takes the lock if it is free.
 *
 * @param path of the lock file; the holder's process id is written into it
 */
export async function tryLockHome(path: string): Promise<HomeLock | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (!await file.tryLock(true)) {
    file.close();
    return undefined;
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { release: () => file.close() };
}

/** The process id that the holder wrote; `undefined` if there is none. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const text = await Deno.readTextFile(path).catch(() => "");
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Waits for the lock until `signal` aborts; rejects with its reason then. */
export async function waitForHome(
  path: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<HomeLock> {
  for (;;) {
    const lock = await tryLockHome(path);
    if (lock) return lock;
    await delay(clock, POLL_MS, signal);
  }
}
