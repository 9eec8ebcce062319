/**
 * The user's home directory.
 *
 * @module
 */

import { isAbsolutePath } from "../base/mod.ts";

/** The user database of POSIX systems, whose lines have seven fields: name, …, uid, gid, …, home, shell. */
const USER_DATABASE = "/etc/passwd";

/**
 * Returns the user's home directory: the variable `HOME`, otherwise the entry in the user database;
 * `undefined` if the directory is unknown or a relative path. A relative `HOME` would mean a
 * different directory for each working directory.
 *
 * @param variable value of the variable `HOME`
 * @param database path of the user database
 */
export function homeDirectory(
  variable: string | undefined,
  database = USER_DATABASE,
): string | undefined {
  const found = variable && Deno.build.os !== "windows"
    ? variable
    : homeIn(database) ?? askSystem();
  return found && isAbsolutePath(found) ? found : undefined;
}

/** Returns the home directory in this user's line of a user database; `undefined` if there is none. */
function homeIn(database: string): string | undefined {
  try {
    const uid = `${Deno.uid()}`;
    const lines = Deno.readTextFileSync(database).split("\n").map((line) => line.split(":"));
    return lines.find((fields) => fields[2] === uid)?.[5] || undefined;
  } catch {
    return undefined;
  }
}

/** Asks the system, which also knows users that are not in the file. This loads Node's modules. */
function askSystem(): string | undefined {
  // deno-lint-ignore no-process-global -- an import would load the module
  const { homedir } = process.getBuiltinModule("node:os");
  // Contrary to its type, `homedir()` returns null in Deno if neither HOME nor the user database
  // has a home directory.
  return homedir() as string | null ?? undefined;
}
