/**
 * `libreseed stop`: stops the daemon.
 *
 * @module
 */

import { delay, homePaths, LibreseedError } from "../../base/mod.ts";
import { defineCommand } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { withDaemon } from "../running/with_daemon.ts";

/**
 * Maximum time to wait for the daemon to end, in milliseconds. Longer than the sum of the deadlines
 * that the daemon sets itself for stopping.
 */
const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 50;

export default defineCommand<Record<never, never>, []>({
  description: "Asks the daemon to stop and waits until it has stopped.",
  settings: ["home"],
  home: "existing",
  parameters: {},
  async run(given) {
    const { output, io } = given;
    const pid = await withDaemon(given, async (operations, status) => {
      await operations.stop().catch((error) => {
        // The connection closed before the daemon answered: it has stopped, as this command wanted.
        if (!(error instanceof LibreseedError && error.code === "CONTROL_UNREACHABLE")) throw error;
      });
      return status.pid;
    });
    const { values } = await given.settings();
    const { isHomeFree } = await import("../../control/mod.ts");
    const endMs = io.clock.now() + STOP_DEADLINE_MS;
    while (!await isHomeFree(homePaths(values.home).lock)) {
      if (io.clock.now() > endMs) {
        throw new CliError(
          "failed",
          "STILL_RUNNING",
          `Process ${pid} was asked to stop but still runs. Wait and try again, or end it with \`kill ${pid}\``,
        );
      }
      await delay(io.clock, POLL_MS, io.signal);
    }
    output.notice(`stopped process ${pid}`);
    output.result({ stopped: true, pid }, undefined);
  },
});
