/**
 * When to look through the whole of `state.db` for damage: that takes longer the longer the file is. A
 * short one is looked through at each opening, a longer one once a day, and at the next opening after
 * damage was seen. When that was is the modification time of an empty file beside it.
 *
 * @module
 */

import { closeSync, constants, futimesSync, openSync, rmSync, statSync } from "node:fs";

/** Up to this size it takes some milliseconds. */
const SHORT_BYTES = 1 << 20;
const SOUND_FOR_MS = 24 * 3_600_000;

/** The file whose time says when all of a state was last found sound. */
function markOf(path: string): string {
  return `${path}-checked`;
}

/** Whether all of it is to be looked through now. */
export function isCheckDue(path: string, nowMs: number): boolean {
  try {
    if (statSync(path).size <= SHORT_BYTES) return true;
    const { mtimeMs } = statSync(markOf(path));
    return mtimeMs > nowMs || mtimeMs + SOUND_FOR_MS < nowMs;
  } catch {
    return true;
  }
}

/** All of it was found sound. Where that cannot be noted, it is looked through the next time too. */
export function noteSound(path: string, nowMs: number): void {
  try {
    if (statSync(path).size <= SHORT_BYTES) return;
    const file = openSync(markOf(path), constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      futimesSync(file, nowMs / 1_000, nowMs / 1_000);
    } finally {
      closeSync(file);
    }
  } catch {
    // A full disk, or a home that cannot be written.
  }
}

/** Damage was seen: whoever opens the state next looks through all of it. */
export function noteDamaged(path: string): void {
  try {
    rmSync(markOf(path), { force: true });
  } catch {
    // Then it is found within a day.
  }
}
