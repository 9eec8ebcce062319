/**
 * The release date of this version. A clock that shows an earlier time is certainly wrong.
 *
 * @module
 */

import { LibreseedError } from "./errors.ts";

/** Release date of this version: midnight UTC, in Unix milliseconds. Updated with each release. */
export const RELEASED_MS = Date.UTC(2026, 10, 22);

/**
 * Throws if the clock shows a time before the release, so that nothing is signed with a wrong time.
 * Readers take the record with the latest time for the newest one, so a record with a time in the
 * past would be ignored.
 *
 * @param nowMs Unix time in milliseconds
 * @throws {LibreseedError} `CLOCK_BEHIND` (kind `failed`)
 */
export function refuseEarlyClock(nowMs: number, releasedMs = RELEASED_MS): void {
  if (nowMs >= releasedMs) return;
  const [now, released] = [nowMs, releasedMs].map((ms) => new Date(ms).toISOString());
  throw new LibreseedError(
    "failed",
    "CLOCK_BEHIND",
    `The clock of this machine is wrong: it says ${now}, and this version of libreseed was released on ${
      released!.slice(0, 10)
    }. Nothing was signed. Set the clock (timedatectl set-ntp true), then try again`,
    { detail: { nowMs, releasedMs } },
  );
}
