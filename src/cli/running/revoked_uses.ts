/**
 * Lists the revoked keys on which something in this home rests: pins, followed publishers, archives in the
 * seed directory, installed packages, and the lock file of the project.
 *
 * @module
 */

import type { RevokedUse } from "../../control/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { knownKeysIfAny } from "./known_keys.ts";
import { packageStore, projectLockPath } from "./package_store.ts";

type Environment = Pick<CommandEnvironment, "output" | "io" | "settings" | "state">;

/**
 * Lists the revoked keys on which something rests. Reads the store and the lock file only if this home
 * knows a revoked key.
 */
export async function revokedUses(given: Environment): Promise<RevokedUse[]> {
  const trust = await knownKeysIfAny(given);
  if (!trust || trust.revocations().length === 0) return [];
  const { revokedUsesOf } = await import("../../fetching/mod.ts");
  const { readLockFile } = await import("../../install/mod.ts");
  const state = (await given.state())();
  const stored = await (await packageStore(given)).list();
  const installed = stored.flatMap((one) => one.problem === undefined ? [one.minimal] : []);
  // A lock file that cannot be read is the business of `install`.
  const lock = await readLockFile(await projectLockPath(given)).catch(() => undefined);
  const locked = [...lock?.packages.values() ?? []].map(({ minimal }) => minimal);
  return revokedUsesOf(trust, state, { installed, locked });
}
