/**
 * This home's knowledge of publishers' keys, for commands without the network.
 *
 * @module
 */

import type { Trust } from "../../trust/mod.ts";
import { LibreseedError } from "../../base/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";

type Environment = Pick<CommandEnvironment, "output" | "io" | "settings" | "state">;

/** Returns what the home knows of publishers' keys. */
export async function knownKeys({ output, io, state }: Environment): Promise<Trust> {
  const { Trust } = await import("../../trust/mod.ts");
  return new Trust({
    state: await state(),
    clock: io.clock,
    onWarning: (message) => output.warning(message),
    onNotice: (message) => output.notice(message),
  });
}

/** Returns what the home knows of publishers' keys; `undefined` if there is no home. */
export async function knownKeysIfHome(given: Environment): Promise<Trust | undefined> {
  const { values } = await given.settings();
  let home: string;
  try {
    home = values.home;
  } catch (error) {
    if (error instanceof LibreseedError && error.code === "HOME_UNKNOWN") return undefined;
    throw error;
  }
  const found = await given.io.launcher.describe(home);
  return found?.isDirectory ? await knownKeys(given) : undefined;
}
