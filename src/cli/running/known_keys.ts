/**
 * This home's knowledge of publishers' keys, for commands without the network.
 *
 * @module
 */

import type { Trust } from "../../trust/mod.ts";
import { homePaths, LibreseedError, stateFiles, trustLogOf } from "../../base/mod.ts";
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

/**
 * Returns what the home knows of publishers' keys; `undefined` if it knows nothing. A state that is
 * not there is not created. A state without identities is not opened as such, because that loads a
 * third of a command's code.
 */
export async function knownKeysIfAny(given: Environment): Promise<Trust | undefined> {
  const { values } = await given.settings();
  let home: string;
  try {
    home = values.home;
  } catch (error) {
    if (error instanceof LibreseedError && error.code === "HOME_UNKNOWN") return undefined;
    throw error;
  }
  const { state } = homePaths(home);
  if (!stateFiles(state).some(mayExist)) return undefined;
  if (mayExist(state) && !mayExist(trustLogOf(state))) {
    const { mayKnowIdentities } = await import("../../store/mod.ts");
    if (!mayKnowIdentities(state)) return undefined;
  }
  return await knownKeys(given);
}

/** Whether a file exists, or cannot be looked at; opening it then tells why. */
function mayExist(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}
