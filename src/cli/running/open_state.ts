/**
 * Opens this home's state for a command.
 *
 * @module
 */

import type { Settings } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { CommandRun } from "../flags/command.ts";

/** Opens `state.db`; a damaged one is put aside, and that is said: pins may be lost with it. */
export async function openState(
  // deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
  { output, io }: Pick<CommandRun<any, any>, "output" | "io">,
  { home }: Settings,
): Promise<StateDatabase> {
  const { homePaths } = await import("../../control/mod.ts");
  const { describeReplaced, StateDatabase } = await import("../../store/mod.ts");
  const state = StateDatabase.open(homePaths(home).state, io.clock);
  if (state.replaced) output.warning(describeReplaced(state.replaced));
  return state;
}
