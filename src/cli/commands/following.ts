/**
 * `libreseed following`: lists the followed publishers.
 *
 * @module
 */

import { defineCommand } from "../flags/command.ts";
import { withState } from "../running/with_state.ts";
import { formatCount } from "../terminal/format.ts";

export default defineCommand<Record<never, never>, []>({
  description: "Prints each publisher, its number of packages, and when its list was last read.",
  settings: ["home"],
  home: "existing",
  parameters: {},
  run: (given) =>
    withState(given, async (state) => {
      const { output } = given;
      const { formatPublicKey } = await import("../../identity/mod.ts");
      const follows = state.follows.list();
      if (follows.length === 0) output.notice("no publisher is followed");
      for (const { publicKey, sinceMs, lists, checkedMs } of follows) {
        const publisher = formatPublicKey(publicKey);
        const packages = state.follows.ofPublisher(publicKey).length;
        const checked = checkedMs === undefined ? "never" : new Date(checkedMs).toISOString();
        // The number grows with each change: it is that of the newest list.
        const seq = lists.length === 0 ? undefined : Math.max(...lists.map(({ seq }) => seq));
        output.result(
          { publisher, packages, sinceMs, checkedMs, seq },
          `${publisher}\t${formatCount(packages, "package")}\t${checked}`,
        );
      }
    }),
});
