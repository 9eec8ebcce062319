/**
 * The doctor's check of the name index entries that this home keeps. Reads `state.db` only.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { type Clock, equalBytes } from "../base/mod.ts";
import { homePaths } from "../control/mod.ts";
import { readKeyFile } from "../identity/mod.ts";
import { describeFutureEntries, futureEntries } from "../names/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/**
 * Checks that no kept entry is dated in the future.
 *
 * @param state opens the home's state, which has to be sound
 */
export async function checkNameEntries(
  home: string,
  state: () => StateDatabase,
  clock: Clock,
): Promise<Check> {
  const name = "name entries";
  const { state: path, key } = homePaths(home);
  const isThere = await stat(path).then(() => true, () => false);
  if (!isThere) return ok(name, "none yet");
  const nowMs = clock.now();
  const entries = futureEntries(state(), nowMs);
  if (entries.length === 0) return ok(name, "none is dated in the future");
  const ownKey = await readKeyFile(key).then(({ publicKey }) => publicKey, () => undefined);
  const { what, mend } = describeFutureEntries(entries, nowMs);
  const hasOwn = ownKey !== undefined &&
    entries.some(({ publicKey }) => equalBytes(publicKey, ownKey));
  // Only its own publisher can sign an entry anew, so another publisher's entry is a warning.
  return (hasOwn ? fail : warn)(name, what, mend);
}
