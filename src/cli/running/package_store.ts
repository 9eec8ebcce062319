/**
 * This home's store of installed packages, for the commands that work with it.
 *
 * @module
 */

import { join } from "node:path";
import type { PackageStore } from "../../store/mod.ts";
import type { CommandRun } from "../flags/command.ts";

// deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
type AnyRun = Pick<CommandRun<any, any>, "io" | "settings">;

/** The store; nothing is made yet. */
export async function packageStore({ io, settings }: AnyRun): Promise<PackageStore> {
  const { values } = await settings();
  const { homePaths } = await import("../../control/mod.ts");
  const { PackageStore } = await import("../../store/mod.ts");
  return new PackageStore(homePaths(values.home).packages, io.clock);
}

/** Path of the lock file of the project in the working directory. */
export async function projectLockPath({ io }: AnyRun): Promise<string> {
  const { LOCK_FILE_NAME } = await import("../../install/mod.ts");
  return join(io.cwd, LOCK_FILE_NAME);
}
