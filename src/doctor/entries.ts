/**
 * The doctor's check of the kept entries of name indexes. Reads the state only.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { type Clock, equalBytes } from "../base/mod.ts";
import { homePaths } from "../control/mod.ts";
import { readKeyFile } from "../identity/mod.ts";
import { describeLateEntries, lateEntries } from "../names/mod.ts";
import { StateDatabase } from "../store/mod.ts";
import { bad, type Check, doubtful, good } from "./check.ts";

/** No kept entry is dated in the future. The home and its state are sound. */
export async function checkEntries(home: string, clock: Clock): Promise<Check> {
  const name = "name entries";
  const { state: path, key } = homePaths(home);
  const isThere = await stat(path).then(() => true, () => false);
  if (!isThere) return good(name, "none yet");
  const nowMs = clock.now();
  const entries = entriesOf(path, clock);
  if (entries.length === 0) return good(name, "none is dated in the future");
  const ownKey = await readKeyFile(key).then(({ publicKey }) => publicKey, () => undefined);
  const { what, mend } = describeLateEntries(entries, nowMs);
  const hasOwn = ownKey !== undefined &&
    entries.some(({ publicKey }) => equalBytes(publicKey, ownKey));
  // Another publisher's package is theirs to mend.
  return (hasOwn ? bad : doubtful)(name, what, mend);
}

function entriesOf(path: string, clock: Clock) {
  using state = StateDatabase.open(path, clock);
  return lateEntries(state, clock.now());
}
