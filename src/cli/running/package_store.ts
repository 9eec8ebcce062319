/**
 * The locations that `install` works on: this home's package store, and the project's lock file.
 *
 * @module
 */

import { join } from "node:path";
import { homePaths } from "../../base/mod.ts";
import type { PackageStore } from "../../store/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";

type Environment = Pick<CommandEnvironment, "io" | "settings">;

/**
 * Returns this home's package store. The store's directory is created by the first installation.
 */
export async function packageStore({ io, settings }: Environment): Promise<PackageStore> {
  const { values } = await settings();
  const { PackageStore } = await import("../../store/mod.ts");
  return new PackageStore(homePaths(values.home).packages, io.launcher.makeLink, io.clock);
}

/** Returns the path of the project's lock file, which is in the working directory. */
export async function projectLockPath({ io }: Environment): Promise<string> {
  const { LOCK_FILE_NAME } = await import("../../install/mod.ts");
  return join(io.cwd, LOCK_FILE_NAME);
}
