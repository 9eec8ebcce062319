/**
 * Opens the state database for commands that use this home's state but no network.
 *
 * @module
 */

import type { Settings } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";

/** Calls `work` with the home's state database. The daemon may have the same database open. */
export async function withState<T>(
  given: Pick<CommandEnvironment, "settings" | "state">,
  work: (state: StateDatabase, values: Settings) => Promise<T>,
): Promise<T> {
  const { values } = await given.settings();
  const { ensureHome } = await import("../../control/mod.ts");
  await ensureHome(values.home);
  return await work((await given.state())(), values);
}
