/**
 * `libreseed follow KEY[/NAME[@RANGE]]`: follows a publisher, or a package of it.
 *
 * @module
 */

import { formatCount } from "../../base/mod.ts";
import { defineCommand, textArgument } from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { followTarget } from "../running/follow_target.ts";
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
    const { args: [text], output } = given;
    const { followPublisher } = await import("../../host/mod.ts");
    const { publicKey, scope, label } = await followTarget(text);
    await withNode(given, (network) =>
      withNames(given, network, async ({ state }) => {
        const { operations, values, finding, trust } = network;
        const { warning, ...followed } = await followPublisher(
          {
            operations,
            state,
            trust,
            seedDirectory: values.dir,
            ...finding,
            onWarning: (message) => output.warning(message),
          },
          publicKey,
          scope,
        );
        // Notify the daemon now, so that mirroring starts without waiting for the next periodic
        // check.
        if (network.node.status.daemon) await operations.followed();
        if (warning !== undefined) output.warning(warning);
        output.result(followed, `${label}\t${formatCount(followed.packages, "version")}`);
      }));
  },
});
