/**
 * Finds the packages that `outdated` and `upgrade` are about, and their newest versions.
 *
 * @module
 */

import type { VersionFlags } from "../../fetching/mod.ts";
import type { Held, Newest } from "../../install/mod.ts";
import type { NamesContext } from "../../names/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { packageStore, projectLockPath } from "./package_store.ts";

type Environment = Pick<CommandEnvironment, "io" | "settings">;

/** The packages of a project's lock file, or those that were installed by name. */
export interface HeldPackages {
  held: Held[];
  /** Path of the lock file; absent for installed packages. */
  lockPath?: string;
}

/** A held package with its newest versions, and the flags of the held version. */
export interface HeldNewest {
  newest: Newest;
  flags: VersionFlags;
}

/**
 * Returns the packages of the lock file in the working directory or, if there is none, those that were
 * installed by name.
 *
 * @param names only the packages of these names, `[KEY/]NAME`; if empty, all
 * @param installed whether the lock file is left out of account
 * @throws {CliError} `BAD_ARGUMENTS` for a name with a range
 * @throws {InstallError} `NOT_IN_LOCK`, `NOT_INSTALLED` (kind `not-found`), `LOCK_INVALID`
 */
export async function heldPackages(
  given: Environment,
  names: readonly string[],
  installed: boolean,
): Promise<HeldPackages> {
  const { parseRequirement } = await import("../../fetching/mod.ts");
  const { heldByLock, heldByName, readLockFile } = await import("../../install/mod.ts");
  const asked = names.map((name) => {
    const requirement = parseRequirement(name);
    if (requirement.range === undefined) return requirement;
    const message = `${name}: give the name without a range. ` +
      "`libreseed install --save NAME@RANGE` changes the range";
    throw new CliError("usage", "BAD_ARGUMENTS", message);
  });
  const lockPath = await projectLockPath(given);
  const lock = installed ? undefined : await readLockFile(lockPath, given.io.signal);
  if (lock) return { held: heldByLock(lock, asked, lockPath), lockPath };
  return { held: await heldByName(await packageStore(given), asked) };
}

/**
 * Reads the newest versions of a held package from the list of its publisher.
 *
 * @throws {FetchingError} if the list was not found
 */
export async function newestOfHeld(
  { operations, finding, offers }: NamesContext,
  held: Held,
): Promise<HeldNewest> {
  const { newestVersions } = await import("../../fetching/mod.ts");
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const { newestOf } = await import("../../install/mod.ts");
  const { minimal: { pubkey, name, version }, requirement: { range } } = held;
  const wanted = { publicKey: parsePublicKey(pubkey), name, range };
  const listed = await newestVersions(operations, wanted, finding, offers);
  const isRevoked = !offers.trust.accepts(held.minimal);
  return { newest: newestOf(held, listed, isRevoked), flags: listed.flagsOf(version) };
}
