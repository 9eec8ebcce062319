/**
 * The user's home directory.
 *
 * @module
 */

import { isAbsolutePath } from "../base/mod.ts";

/**
 * Returns the user's home directory: the variable `HOME`, otherwise the entry in the user database;
 * `undefined` if the directory is unknown or a relative path. A relative `HOME` would mean a
 * different directory for each working directory. The user database is asked only without `HOME`,
 * because that loads Node's modules.
 *
 * @param variable value of the variable `HOME`
 */
export function homeDirectory(variable: string | undefined): string | undefined {
  const found = variable && Deno.build.os !== "windows" ? variable : askSystem();
  return found && isAbsolutePath(found) ? found : undefined;
}

function askSystem(): string | undefined {
  // deno-lint-ignore no-process-global -- an import would load the module
  const { homedir } = process.getBuiltinModule("node:os");
  // Contrary to its type, `homedir()` returns null in Deno if neither HOME nor the user database
  // has a home directory.
  return homedir() as string | null ?? undefined;
}
