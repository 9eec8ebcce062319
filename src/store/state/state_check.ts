/**
 * Schedules the full integrity check of `state.db`, whose duration grows with the size of the file.
 * A small file is checked whenever it is opened. A larger file is checked once a day, and when it
 * is opened after SQLite has reported damage. The time of the last check is stored as the
 * modification time of an empty file, the mark, beside the database.
 *
 * @module
 */

import { nodeFs } from "../../base/mod.ts";

/**
 * Maximum size of a database that is checked whenever it is opened, in bytes. Such a check takes a
 * few milliseconds.
 */
const SHORT_BYTES = 1 << 20;
/** Interval between full checks of a larger database, milliseconds. */
const CHECK_INTERVAL_MS = 24 * 3_600_000;

/**
 * Returns the path of the empty file whose modification time is the time of the last successful
 * check.
 */
function markOf(path: string): string {
  return `${path}-checked`;
}

/** Whether a full integrity check of the database is due. */
export function isCheckDue(path: string, nowMs: number): boolean {
  try {
    if (Deno.statSync(path).size <= SHORT_BYTES) return true;
    const { mtimeMs } = nodeFs().statSync(markOf(path));
    return mtimeMs > nowMs || mtimeMs + CHECK_INTERVAL_MS < nowMs;
  } catch {
    return true;
  }
}

/**
 * Stores the time of a successful check. If the time cannot be stored, the next opening checks the
 * database again.
 */
export function noteSound(path: string, nowMs: number): void {
  try {
    if (Deno.statSync(path).size <= SHORT_BYTES) return;
    const { closeSync, constants, futimesSync, openSync } = nodeFs();
    const file = openSync(markOf(path), constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      futimesSync(file, nowMs / 1_000, nowMs / 1_000);
    } finally {
      closeSync(file);
    }
  } catch {
    // The time could not be stored, for instance because the disk is full or the home is read-only.
  }
}

/** Requests a full check when the database is opened next, because SQLite has reported damage. */
export function noteDamaged(path: string): void {
  try {
    nodeFs().rmSync(markOf(path), { force: true });
  } catch {
    // The mark of the last check could not be deleted; the daily full check will find the damage
    // instead.
  }
}

/**
 * Converts SQLite's report of an integrity check to one line. Removes the report's first line,
 * which only names the database.
 */
export function verdictLine(verdict: unknown): string {
  return String(verdict).replace(/^\*\*\* in database main \*\*\*\n/, "").replaceAll("\n", " ");
}
