/**
 * The doctor's offline check of the clock: compares it with the release date of libreseed and with
 * the times of files in the home. `dht_clock.ts` compares the clock with the DHT.
 *
 * @module
 */

import { RELEASED_MS } from "../base/mod.ts";
import { homePaths } from "../control/mod.ts";
import type { HomeExamination } from "../launcher/mod.ts";
import { type Check, fail, ok, SET_CLOCK } from "./check.ts";
import { infoOf } from "./file_access.ts";

/**
 * Tolerance in milliseconds for a file time ahead of the clock: another machine may have written
 * the file.
 */
const CLOCK_SLACK_MS = 60_000;
/** Latest plausible time, in Unix milliseconds: 2038, when 32-bit Unix times end. */
const LATEST_MS = Date.UTC(2038);

/**
 * Checks that the clock is not earlier than libreseed's release date or the times of files in the
 * home.
 */
export async function checkClock(
  home: string,
  { keyMtimeMs }: HomeExamination,
  nowMs: number,
): Promise<Check> {
  const name = "clock";
  const time = new Date(nowMs).toISOString();
  const mend = SET_CLOCK;
  if (nowMs < RELEASED_MS || nowMs > LATEST_MS) return fail(name, `it says ${time}`, mend);
  const { state, key } = homePaths(home);
  for (
    const [path, mtimeMs] of [[state, (await infoOf(state))?.mtimeMs], [key, keyMtimeMs]] as const
  ) {
    if (mtimeMs === undefined || mtimeMs <= nowMs + CLOCK_SLACK_MS) continue;
    const what = `it says ${time}, but ${path} was written ${
      Math.round((mtimeMs - nowMs) / 1_000)
    } s later`;
    return fail(name, what, mend);
  }
  return ok(name, time);
}
