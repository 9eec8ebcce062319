/**
 * Reads the command lines of the project's own scripts. `--help` prints the comment at the head of the
 * script that runs, which tells its usage.
 *
 * @module
 */

import { parseArgs, type ParseArgsConfig } from "node:util";

/**
 * Reads a command line as {@linkcode parseArgs} does. Prints the usage and ends the process if it is
 * asked for, and says in one line what is wrong with a command line that cannot be read. The exit
 * codes are 0 and 2.
 *
 * @param config as for `parseArgs`; without `args`, those of the process are read
 */
export function parseScriptArgs<const T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  const args = config.args ?? Deno.args;
  if (args.includes("--help")) {
    console.log(headComment(Deno.readTextFileSync(new URL(Deno.mainModule))));
    Deno.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${(error as Error).message}. --help tells the usage.`);
    Deno.exit(2);
  }
}

/** Returns the text of the comment at the head of a source file, without its frame and its tags. */
export function headComment(source: string): string {
  const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(source) ?? [];
  return comment
    .split("\n")
    .map((line) => line.replace(/^ *\* ?/, "").trimEnd())
    .filter((line) => !line.startsWith("@"))
    .join("\n")
    .trim();
}
