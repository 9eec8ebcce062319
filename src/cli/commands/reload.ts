/**
 * `libreseed reload`: makes the daemon reload its settings.
 *
 * @module
 */

import { defineCommand } from "../flags/command.ts";
import { withDaemon } from "../running/with_daemon.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "The daemon reads its config file again, as it does at SIGHUP. Settings that can change at run time " +
    "take effect at once; the command names those that need a restart or that only commands use. Flags " +
    "and environment variables stay as they were when the daemon started.",
  settings: ["home"],
  home: "existing",
  parameters: {},
  async run(given) {
    const { output } = given;
    const { changed, needRestart, perCommand = [] } = await withDaemon(
      given,
      (operations) => operations.reload(),
    );
    if (needRestart.length > 0) {
      output.warning(`in force only after a restart: ${needRestart.join(", ")}`);
    }
    if (perCommand.length > 0) {
      output.notice(`in force for each new command: ${perCommand.join(", ")}`);
    }
    const isSame = needRestart.length + perCommand.length === 0;
    output.result(
      { changed, needRestart, perCommand },
      changed.length > 0
        ? `in force now: ${changed.join(", ")}`
        : isSame
        ? "no setting has changed"
        : "no setting of the running daemon has changed",
    );
  },
});
