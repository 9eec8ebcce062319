/**
 * What the commands that only talk to a running daemon have in common.
 *
 * @module
 */

import type { Operations, StatusJson } from "../../control/mod.ts";
import type { CommandRun } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";

/**
 * Calls the daemon of this home.
 *
 * @throws {CliError} `NO_DAEMON` (kind `not-found`) if none runs
 */
export async function withDaemon<T>(
  // deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
  { settings, io, output }: Pick<CommandRun<any, any>, "settings" | "io" | "output">,
  work: (operations: Operations, status: StatusJson) => Promise<T>,
): Promise<T> {
  const { values } = await settings();
  const { connectControl } = await import("../../control/mod.ts");
  const found = await connectControl(values.home, {
    clock: io.clock,
    signal: io.signal,
    onSilence: (message) => output.warning(message),
  });
  if (!found) {
    throw new CliError(
      "not-found",
      "NO_DAEMON",
      `No daemon runs in ${values.home}. Start one with \`libreseed seed\``,
    );
  }
  try {
    return await work(found.client.operations, found.status);
  } finally {
    found.client.close();
  }
}
