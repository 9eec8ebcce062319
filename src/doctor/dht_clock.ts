/**
 * The doctor's check of the clock against the DHT. The daemon makes the lookups; without a daemon,
 * the check starts its own engine.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import type { Clock } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import { homePaths } from "../control/mod.ts";
import { askDhtClock, describeClock, openNode, usedNames } from "../host/mod.ts";
import { identityOf } from "../identity/mod.ts";
import type { LauncherRequests } from "../launcher/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import { type Check, ok, SET_CLOCK, warn } from "./check.ts";

/**
 * Compares the clock with the dates of other publishers' name indexes in the DHT.
 *
 * @param state opens the home's state database, which must be undamaged
 */
export async function checkClockByDht(
  settings: Settings,
  state: () => StateDatabase,
  clock: Clock,
  launcher: LauncherRequests,
  signal?: AbortSignal,
): Promise<Check> {
  const name = "dht clock";
  const { state: path, key } = homePaths(settings.home);
  const isThere = await stat(path).then(() => true, () => false);
  const own = await launcher.signingKey(key).catch(() => undefined);
  const ownKey = own && identityOf(own);
  const names = isThere ? usedNames(state(), ownKey) : [];
  if (names.length === 0) {
    return ok(name, "no package of others is used here, so there is nothing to compare it with");
  }
  const node = await openNode({
    settings,
    clock,
    launcher,
    state,
    onNotice: () => {},
    onWarning: () => {},
    signal,
  });
  try {
    const verdict = await askDhtClock(node.operations, names, clock.now(), signal);
    const { what, isWrong } = describeClock(verdict);
    return isWrong ? warn(name, what, SET_CLOCK) : ok(name, what);
  } finally {
    await node.close();
  }
}
