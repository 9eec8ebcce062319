/**
 * `libreseed follow KEY`: follows a publisher.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";
import { defineCommand, textArgument } from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { withNames, withNode } from "../running/with_node.ts";
import { formatCount } from "../terminal/format.ts";

export default defineCommand<Record<never, never>, [key: string]>({
  description:
    "Reads the publisher's list of packages for `libreseed search`; the daemon reads it again after each " +
    "change. With --mirror (a setting of `libreseed seed`) the daemon seeds all its packages, within " +
    "--max-disk.",
  settings: ["home", "dir", ...networkSettings],
  home: "created",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [textArgument("KEY", "Publisher, ed25519:BASE64 or hex")],
    },
  },
  async run(given) {
    const { args: [text], io, output } = given;
    const { formatPublicKey, parsePublicKey } = await import("../../identity/mod.ts");
    const { refreshFollow } = await import("../../host/mod.ts");
    const publicKey = parsePublicKey(text);
    const publisher = formatPublicKey(publicKey);
    await withNode(given, (network) =>
      withNames(given, network, async ({ state }) => {
        state.follows.add(publicKey, io.clock.now());
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
          // Follow the publisher even if its list was not found, because it may publish a list
          // later.
          output.warning(`${error.message}. The publisher is followed; the daemon will try again`);
        }
        // Notify the daemon now, so that mirroring starts without waiting for the next periodic
        // check.
        if (network.node.status.daemon) await operations.followed();
        const packages = state.follows.ofPublisher(publicKey).length;
        output.result({ publisher, packages }, `${publisher}\t${formatCount(packages, "package")}`);
      }));
  },
});
