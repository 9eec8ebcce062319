/**
 * `libreseed unfollow KEY[/NAME[@RANGE]]`: stops following a publisher, or a package of it.
 *
 * @module
 */

import { defineCommand, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { followTarget } from "../running/follow_target.ts";
import { withState } from "../running/with_state.ts";

/** Maximum number of packages of a publisher that an error names. */
const MAX_NAMED = 5;

export default defineCommand<Record<never, never>, [key: string]>({
  description:
    "Forgets the publisher with all its packages, or with NAME one package in all ranges, or with RANGE one " +
    "range of it. Mirrored archives stay.",
  settings: ["home"],
  home: "existing",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        textArgument("KEY[/NAME[@RANGE]]", "Publisher (ed25519:BASE64 or hex), or its package"),
      ],
    },
  },
  run: (given) =>
    withState(given, async (state) => {
      const { args: [text], output } = given;
      const { formatFollowed } = await import("../../fetching/mod.ts");
      const { equalBytes } = await import("../../base/mod.ts");
      const { formatPublicKey } = await import("../../identity/mod.ts");
      const { publicKey, scope, label } = await followTarget(text);
      const publisher = formatPublicKey(publicKey);
      if (!state.follows.remove(publicKey, scope)) {
        const follow = state.follows.list().find((one) => equalBytes(one.publicKey, publicKey));
        const there = follow?.scopes.slice(0, MAX_NAMED).map((one) =>
          formatFollowed(publicKey, one)
        );
        throw new CliError(
          "not-found",
          "NOT_FOLLOWED",
          `${label} is not followed` + (there ? `, but ${there.join(", ")}` : ""),
        );
      }
      output.notice(`no longer following ${label}`);
      output.result({ publisher, ...scope, removed: true }, undefined);
    }),
});
