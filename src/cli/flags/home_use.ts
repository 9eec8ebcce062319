/**
 * Whether a command needs a home, and whether it may create one. `docs/commands.md` lists the
 * commands that may create a home; a test compares that list with the commands.
 *
 * @module
 */

import type { LoadedSettings } from "../../config/mod.ts";
import { CliError } from "../process/errors.ts";

/**
 * - `unused`: the command works without a home, even where no path for one can be determined
 * - `optional`: the command examines the home and accepts a missing one
 * - `existing`: the command fails without a home and never creates one
 * - `created`: the command creates a missing home
 */
export type HomeUse = "unused" | "optional" | "existing" | "created";

/** The home use of a command, or of each of its actions (its first argument) if they differ. */
export type HomeUses = HomeUse | Readonly<Record<string, HomeUse>>;

/** The home use of a command line with the positional arguments `args`. */
export function homeUseOf(uses: HomeUses, args: readonly unknown[]): HomeUse {
  return typeof uses === "string" ? uses : uses[String(args[0])] ?? "existing";
}

/**
 * Checks that the home exists, before a command opens a file in it. Creating a home at a mistyped
 * path would look like a valid home without packages.
 *
 * @throws {CliError} `HOME_NOT_FOUND` (kind `not-found`), naming the directory and how it was
 * chosen
 */
export async function requireHome({ values, origins }: LoadedSettings): Promise<void> {
  const { home } = values;
  const isThere = await Deno.stat(home).then(({ isDirectory }) => isDirectory, (error) => {
    // Any other error, such as a missing permission, is reported when a file of the home is opened.
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  });
  if (isThere) return;
  const { source, where } = origins.home;
  const chosen = source === "default"
    ? "the default, from HOME or the user database"
    : `given by ${where}`;
  throw new CliError(
    "not-found",
    "HOME_NOT_FOUND",
    `There is no home at ${home} (${chosen}). Choose another with --home or LIBRESEED_HOME, or create ` +
      "this one with `libreseed keygen`, `seed` or `get`",
    { detail: { home, source, where } },
  );
}
