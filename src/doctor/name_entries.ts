/**
 * The doctor's check of the name index entries in this home's `state.db`. Uses no network.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { type Clock, equalBytes } from "../base/mod.ts";
import { homePaths } from "../control/mod.ts";
import { identityOf } from "../identity/mod.ts";
import type { LauncherRequests } from "../launcher/mod.ts";
import { describeFutureEntries, futureEntries } from "../names/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/**
 * Checks that no name index entry of this home is dated in the future.
 *
 * @param state opens the home's state database, which must be undamaged
 */
export async function checkNameEntries(
  home: string,
  state: () => StateDatabase,
  clock: Clock,
  launcher: Pick<LauncherRequests, "signingKey">,
): Promise<Check> {
  const name = "name entries";
  const { state: path, key } = homePaths(home);
  const isThere = await stat(path).then(() => true, () => false);
  if (!isThere) return ok(name, "none yet");
  const nowMs = clock.now();
  const entries = futureEntries(state(), nowMs);
  if (entries.length === 0) return ok(name, "none is dated in the future");
  const own = await launcher.signingKey(key).catch(() => undefined);
  const ownKey = own && identityOf(own);
  const { what, mend } = describeFutureEntries(entries, nowMs);
  const hasOwn = ownKey !== undefined &&
    entries.some(({ publicKey }) => equalBytes(publicKey, ownKey));
  // Only a publisher can sign its own entries again, so this user cannot fix an entry of another
  // publisher: a warning, not a failure.
  return (hasOwn ? fail : warn)(name, what, mend);
}
