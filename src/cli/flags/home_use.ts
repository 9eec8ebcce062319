/**
 * The use that each command makes of the home: it needs none, it only uses one that is there, or it may
 * make one. `docs/commands.md` lists the last; a test compares the list with the commands.
 *
 * @module
 */

import type { LoadedSettings } from "../../config/mod.ts";
import { CliError } from "../process/errors.ts";

/**
 * - `unused`: works where no home can be named
 * - `optional`: looks at the home, and accepts that it is missing
 * - `existing`: fails where there is none, and never makes one
 * - `created`: makes it where there is none
 */
export type HomeUse = "unused" | "optional" | "existing" | "created";

/** The use of a command, or of each action (the first argument) where they differ. */
export type HomeUses = HomeUse | Readonly<Record<string, HomeUse>>;

/** The use of the home by this command line. */
export function homeUseOf(uses: HomeUses, args: readonly unknown[]): HomeUse {
  return typeof uses === "string" ? uses : uses[String(args[0])] ?? "existing";
}

/**
 * Checks that the home is there, before a command opens anything in it. A home that a command made in
 * the wrong place would look like one that has nothing to do.
 *
 * @throws {CliError} `HOME_NOT_FOUND` (kind `not-found`), naming the directory and how it was chosen
 */
export async function requireHome({ values, origins }: LoadedSettings): Promise<void> {
  const { home } = values;
  const isThere = await Deno.stat(home).then(({ isDirectory }) => isDirectory, (error) => {
    // A home that cannot be looked at fails later, with its own reason.
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
    `There is no home at ${home} (${chosen}). Name another with --home or LIBRESEED_HOME, or make ` +
      "this one with `libreseed keygen`, `seed` or `get`",
    { detail: { home, source, where } },
  );
}
