/**
 * `libreseed unfollow KEY`: stops following a publisher.
 *
 * @module
 */

import { defineCommand, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { withState } from "../running/with_state.ts";

export default defineCommand<Record<never, never>, [key: string]>({
  description: "Forgets the publisher and its list of packages. Mirrored archives stay.",
  settings: ["home"],
  home: "existing",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [textArgument("KEY", "Publisher, ed25519:BASE64 or hex")],
    },
  },
  run: (given) =>
    withState(given, async (state) => {
      const { args: [text], output } = given;
      const { formatPublicKey, parsePublicKey } = await import("../../identity/mod.ts");
      const publicKey = parsePublicKey(text);
      const publisher = formatPublicKey(publicKey);
      if (!state.follows.remove(publicKey)) {
        throw new CliError("not-found", "NOT_FOLLOWED", `${publisher} is not followed`);
      }
      output.notice(`no longer following ${publisher}`);
      output.result({ publisher, removed: true }, undefined);
    }),
});
