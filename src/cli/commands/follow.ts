/**
 * `libreseed follow KEY[/NAME[@RANGE]]`: follows a publisher, or a package of it.
 *
 * @module
 */

import { formatCount, LibreseedError } from "../../base/mod.ts";
import { defineCommand, textArgument } from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { countFollowed, followTarget } from "../running/follow_target.ts";
import { withNames, withNode } from "../running/with_node.ts";

export default defineCommand<Record<never, never>, [key: string]>({
  description:
    "Reads the publisher's list of packages for `libreseed search`; the daemon reads it again after each " +
    "change. With --mirror (a setting of `libreseed seed`) the daemon seeds all its packages, within " +
    "--max-disk. With NAME only that package is followed, with RANGE only its versions in the range, or " +
    "the version with a tag. Several packages and ranges of one publisher can be followed.",
  examples: [
    "libreseed follow ed25519:BASE64",
    "libreseed follow ed25519:BASE64/my-tool",
    "libreseed follow ed25519:BASE64/my-tool@^2",
  ],
  settings: ["home", "dir", ...networkSettings],
  home: "created",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        textArgument("KEY[/NAME[@RANGE]]", "Publisher (ed25519:BASE64 or hex), or its package"),
      ],
    },
  },
  async run(given) {
    const { args: [text], io, output } = given;
    const { formatPublicKey } = await import("../../identity/mod.ts");
    const { refreshFollow } = await import("../../host/mod.ts");
    const { publicKey, scope, label } = await followTarget(text);
    const publisher = formatPublicKey(publicKey);
    await withNode(given, (network) =>
      withNames(given, network, async ({ state }) => {
        let isListRead = true;
        state.follows.add(publicKey, io.clock.now(), scope);
        const { operations, values, finding, trust } = network;
        try {
          await refreshFollow({
            operations,
            state,
            trust,
            seedDirectory: values.dir,
            ...finding,
            onWarning: (message) => output.warning(message),
          }, publicKey);
        } catch (error) {
          io.signal.throwIfAborted();
          if (!(error instanceof LibreseedError)) throw error;
          isListRead = false;
          // Follow the publisher even if its list was not found, because it may publish a list
          // later.
          output.warning(
            `${error.message}. ${
              scope.name === undefined ? "The publisher" : "The package"
            } is followed; the daemon will try again`,
          );
        }
        // Notify the daemon now, so that mirroring starts without waiting for the next periodic
        // check.
        if (network.node.status.daemon) await operations.followed();
        const packages = await countFollowed(state, publicKey, scope);
        if (isListRead && packages === 0 && scope.name !== undefined) {
          output.warning(
            `the publisher lists no version of ${scope.name}` +
              (scope.range === undefined ? "" : ` that satisfies ${scope.range}`) +
              ": check the spelling. The package is followed, in case one is published",
          );
        }
        output.result(
          { publisher, ...scope, packages },
          `${label}\t${formatCount(packages, "version")}`,
        );
      }));
  },
});
