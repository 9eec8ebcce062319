/**
 * The database connection of commands that use only this home's state, and no network.
 *
 * @module
 */

import type { Settings } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { openState } from "./open_state.ts";

/** Opens `state.db`, calls `work`, and closes it. The daemon may have it open at the same time. */
export async function withState<T>(
  given: Pick<CommandEnvironment, "settings" | "io" | "output">,
  work: (state: StateDatabase, values: Settings) => Promise<T>,
): Promise<T> {
  const { values } = await given.settings();
  const { ensureHome } = await import("../../control/mod.ts");
  await ensureHome(values.home);
  using state = await openState(given, values);
  return await work(state, values);
}
