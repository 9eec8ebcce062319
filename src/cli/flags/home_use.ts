/**
 * Declares whether a command needs a home (libreseed's data directory), and whether the command may
 * create one. `docs/commands.md` lists the commands that may create a home; a test compares that
 * list with the declarations.
 *
 * @module
 */

import type { LoadedSettings } from "../../config/mod.ts";
import type { LauncherRequests } from "../../launcher/mod.ts";
import { CliError } from "../process/errors.ts";

/**
 * How a command uses the home:
 *
 * - `unused`: works without a home, even if no path for a home can be determined
 * - `optional`: examines the home, and accepts a missing one
 * - `existing`: fails if there is no home
 * - `created`: creates a missing home
 */
export type HomeUse = "unused" | "optional" | "existing" | "created";

/**
 * How a command uses the home. A command whose actions (first argument) differ has one entry per
 * action.
 */
export type HomeUses = HomeUse | Readonly<Record<string, HomeUse>>;

/** Returns how a command uses the home when called with the positional arguments `args`. */
export function homeUseOf(uses: HomeUses, args: readonly unknown[]): HomeUse {
  return typeof uses === "string" ? uses : uses[String(args[0])] ?? "existing";
}

/**
 * Checks that the home exists, before a command opens a file in it. Otherwise a mistyped path would
 * create an empty home, which would look like a home without packages.
 *
 * @throws {CliError} `HOME_NOT_FOUND` (kind `not-found`); the message names the directory and the
 * source of its path
 */
export async function requireHome(
  { values, origins }: LoadedSettings,
  { describe }: Pick<LauncherRequests, "describe">,
): Promise<void> {
  const { home } = values;
  const isThere = await describe(home).then((found) => found?.isDirectory ?? false, () => {
    // Ignore errors, such as a missing permission: they are reported when a file of the home is
    // opened.
    return true;
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
