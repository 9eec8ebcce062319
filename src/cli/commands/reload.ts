/**
 * `libreseed reload`: the daemon reads its settings anew.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import { withDaemon } from "../daemon_only.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "The daemon reads its config file again, as it does at SIGHUP. What can change while it runs is in " +
    "force at once; what cannot is named. Flags and variables stay as they were when it started.",
  settings: ["home"],
  home: "existing",
  parameters: {},
  async run(given) {
    const { output } = given;
    const { changed, needRestart } = await withDaemon(
      given,
      (operations) => operations.reload(),
    );
    if (needRestart.length > 0) {
      output.warning(`in force only after a restart: ${needRestart.join(", ")}`);
    }
    output.result(
      { changed, needRestart },
      changed.length > 0 ? `in force now: ${changed.join(", ")}` : "nothing to change",
    );
  },
});
