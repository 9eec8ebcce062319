/**
 * What the commands that only read or write this home's state have in common.
 *
 * @module
 */

import type { Settings } from "../config/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import type { CommandRun } from "./command.ts";

/** Opens `state.db`, does the work, closes it. The daemon may have it open at the same time. */
export async function withState<T>(
  // deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
  { settings, io }: Pick<CommandRun<any, any>, "settings" | "io">,
  work: (state: StateDatabase, values: Settings) => Promise<T>,
): Promise<T> {
  const { values } = await settings();
  const { ensureHome, homePaths } = await import("../daemon/mod.ts");
  const { StateDatabase } = await import("../store/mod.ts");
  await ensureHome(values.home);
  using state = StateDatabase.open(homePaths(values.home).state, io.clock);
  return await work(state, values);
}
