/**
 * `libreseed unfollow KEY[/NAME[@RANGE]]`: stops following a publisher, or a package of it.
 *
 * @module
 */

import { defineCommand, textArgument } from "../flags/command.ts";
import { followTarget } from "../running/follow_target.ts";
import { withState } from "../running/with_state.ts";

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
      const { unfollow } = await import("../../fetching/mod.ts");
      const { formatPublicKey } = await import("../../identity/mod.ts");
      const { publicKey, scope, label } = await followTarget(text);
      const publisher = formatPublicKey(publicKey);
      unfollow(state, publicKey, scope);
      output.notice(`no longer following ${label}`);
      output.result({ publisher, ...scope, removed: true }, undefined);
    }),
});
