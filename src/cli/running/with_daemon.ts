/**
 * Connects commands such as `status` and `stop` to the running daemon.
 *
 * @module
 */

import type { Operations, StatusJson } from "../../control/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { connectHost } from "./host_connection.ts";

/**
 * Connects to the daemon of this home, calls `work` with the connection, and closes it afterwards.
 *
 * @throws {CliError} `NO_DAEMON` (kind `not-found`) if no daemon runs
 */
export async function withDaemon<T>(
  { settings, io, output }: Pick<CommandEnvironment, "settings" | "io" | "output">,
  work: (operations: Operations, status: StatusJson) => Promise<T>,
): Promise<T> {
  const { values } = await settings();
  const found = await connectHost(values.home, {
    clock: io.clock,
    describe: io.launcher.describe,
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
