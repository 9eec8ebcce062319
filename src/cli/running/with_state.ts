/**
 * What the commands that only read or write this home's state have in common.
 *
 * @module
 */

import type { Settings } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { CommandRun } from "../flags/command.ts";
import { openState } from "./open_state.ts";

/** Opens `state.db`, does the work, closes it. The daemon may have it open at the same time. */
export async function withState<T>(
  // deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
  given: Pick<CommandRun<any, any>, "settings" | "io" | "output">,
  work: (state: StateDatabase, values: Settings) => Promise<T>,
): Promise<T> {
  const { values } = await given.settings();
  const { ensureHome } = await import("../../control/mod.ts");
  await ensureHome(values.home);
  using state = await openState(given, values);
  return await work(state, values);
}
