/**
 * The day of the release. No right clock shows an earlier time, so an earlier one is known to be wrong
 * without asking anybody.
 *
 * @module
 */

import { LibreseedError } from "./errors.ts";

/** When this version was released, Unix milliseconds: midnight UTC. Each release sets it. */
export const RELEASED_MS = Date.UTC(2026, 10, 22);

/**
 * Refuses to sign by a clock that shows a time before the release: readers compare the times in
 * records, and would take the older record for the newer one.
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
