/**
 * Schedules the full integrity check of `state.db`, whose duration grows with the file. A short
 * file is checked at each opening, a longer one once a day and at the next opening after an error.
 * The time of the last check is stored as the modification time of an empty file beside the
 * database.
 *
 * @module
 */

import { closeSync, constants, futimesSync, openSync, rmSync, statSync } from "node:fs";

/** Maximum size of a file that is checked at each opening, in bytes; a check takes some ms. */
const SHORT_BYTES = 1 << 20;
/** Interval between checks of a longer file, milliseconds. */
const CHECK_INTERVAL_MS = 24 * 3_600_000;

/** Path of the file whose modification time is the time of the last successful check. */
function markOf(path: string): string {
  return `${path}-checked`;
}

/** Whether a full check is due. */
export function isCheckDue(path: string, nowMs: number): boolean {
  try {
    if (statSync(path).size <= SHORT_BYTES) return true;
    const { mtimeMs } = statSync(markOf(path));
    return mtimeMs > nowMs || mtimeMs + CHECK_INTERVAL_MS < nowMs;
  } catch {
    return true;
  }
}

/** Stores the time of a successful check. If that fails, the next opening checks again. */
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
    // The disk is full, or the home is read-only.
  }
}

/** Requests a full check at the next opening, because SQLite reported damage. */
export function noteDamaged(path: string): void {
  try {
    rmSync(markOf(path), { force: true });
  } catch {
    // The daily check will find the damage.
  }
}

/** The verdict of an integrity check on one line: SQLite names the database on a line before it. */
export function verdictLine(verdict: unknown): string {
  return String(verdict).replace(/^\*\*\* in database main \*\*\*\n/, "").replaceAll("\n", " ");
}
