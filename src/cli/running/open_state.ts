/**
 * Opens this home's `state.db` for a command.
 *
 * @module
 */

import type { Settings } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";

/**
 * Opens `state.db`. Warns if the database was damaged and has been replaced, because pins may be
 * lost with it.
 */
export async function openState(
  { output, io }: Pick<CommandEnvironment, "output" | "io">,
  { home }: Settings,
): Promise<StateDatabase> {
  const { homePaths } = await import("../../control/mod.ts");
  const { describeReplaced, StateDatabase } = await import("../../store/mod.ts");
  const state = StateDatabase.open(homePaths(home).state, io.clock);
  if (state.replaced) output.warning(describeReplaced(state.replaced));
  return state;
}
