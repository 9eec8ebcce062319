/**
 * `libreseed reload`: the daemon reads its settings anew.
 *
 * @module
 */

import { defineCommand } from "../flags/command.ts";
import { withDaemon } from "../running/daemon_only.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "The daemon reads its config file again, as it does at SIGHUP. Settings that can change while it runs " +
    "are in force at once; those that take effect at its start, or only in commands, are named. Flags " +
    "and variables stay as they were when it started.",
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
        ? "nothing to change"
        : "the running daemon changes nothing",
    );
  },
});
