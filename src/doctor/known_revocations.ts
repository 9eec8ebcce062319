/**
 * The doctor's check of what this home has learned of its own key as a reader: another machine of the
 * publisher may have revoked it. Uses no network.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import type { Clock } from "../base/mod.ts";
import { homePaths } from "../control/mod.ts";
import { identityOf } from "../identity/mod.ts";
import type { LauncherRequests } from "../launcher/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import { Trust } from "../trust/mod.ts";
import { type Check, ok } from "./check.ts";
import { revokedKey } from "./key.ts";

/**
 * Checks that this home knows of no revocation of its signing key.
 *
 * @param state opens the home's state database, which must be undamaged
 */
export async function checkKnownRevocations(
  home: string,
  state: () => StateDatabase,
  clock: Clock,
  launcher: Pick<LauncherRequests, "signingKey">,
): Promise<Check> {
  const name = "known revocations";
  const { state: path, key } = homePaths(home);
  const isThere = await stat(path).then(() => true, () => false);
  const own = await launcher.signingKey(key).catch(() => undefined);
  const revocation = isThere && own &&
    new Trust({ state, clock }).revocationOfKey(identityOf(own), own.publicKey);
  return revocation ? revokedKey(name, revocation) : ok(name, "none of this home's key");
}
