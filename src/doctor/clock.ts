/**
 * The doctor's check of the clock without a network: against the release date of this program and the
 * files of the home. `dht_clock.ts` compares the clock with the DHT.
 *
 * @module
 */

import { RELEASED_MS } from "../base/mod.ts";
import { homePaths } from "../control/mod.ts";
import { type Check, fail, ok, SET_CLOCK } from "./check.ts";
import { infoOf } from "./file_access.ts";

/** How far a file's time may be ahead: another machine's clock may have written the file (ms). */
const CLOCK_SLACK_MS = 60_000;
/** End of certificates and of 32-bit Unix times: 2038 (Unix ms). */
const LATEST_MS = Date.UTC(2038);

/** Checks that the clock is not before the release or before a file of this home was written. */
export async function checkClock(home: string, nowMs: number): Promise<Check> {
  const name = "clock";
  const time = new Date(nowMs).toISOString();
  const mend = SET_CLOCK;
  if (nowMs < RELEASED_MS || nowMs > LATEST_MS) return fail(name, `it says ${time}`, mend);
  const { state, key } = homePaths(home);
  for (const path of [state, key]) {
    const info = await infoOf(path);
    if (!info || info.mtimeMs <= nowMs + CLOCK_SLACK_MS) continue;
    const what = `it says ${time}, but ${path} was written ${
      Math.round((info.mtimeMs - nowMs) / 1_000)
    } s later`;
    return fail(name, what, mend);
  }
  return ok(name, time);
}
