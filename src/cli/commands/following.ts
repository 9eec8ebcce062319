/**
 * `libreseed following`: lists what is followed.
 *
 * @module
 */

import { formatCount } from "../../base/mod.ts";
import { defineCommand } from "../flags/command.ts";
import { withState } from "../running/with_state.ts";

export default defineCommand<Record<never, never>, []>({
  description: "Prints each followed publisher and package, its number of versions, and when " +
    "the publisher's list was last read.",
  settings: ["home"],
  home: "existing",
  parameters: {},
  run: (given) =>
    withState(given, async (state) => {
      const { output } = given;
      const { formatPublicKey } = await import("../../identity/mod.ts");
      const { countFollowed, formatFollowed } = await import("../../fetching/mod.ts");
      const follows = state.follows.list();
      if (follows.length === 0) output.notice("no publisher is followed");
      for (const { publicKey, scopes, lists, checkedMs } of follows) {
        const publisher = formatPublicKey(publicKey);
        const checked = checkedMs === undefined ? "never" : new Date(checkedMs).toISOString();
        // The number grows with each change: it is that of the newest list.
        const seq = lists.length === 0 ? undefined : Math.max(...lists.map(({ seq }) => seq));
        for (const { sinceMs, ...scope } of scopes) {
          const packages = countFollowed(state, publicKey, scope);
          output.result(
            { publisher, ...scope, packages, sinceMs, checkedMs, seq },
            `${formatFollowed(publicKey, scope)}\t${formatCount(packages, "version")}\t${checked}`,
          );
        }
      }
    }),
});
