/**
 * `libreseed resolve NAME[@RANGE]`: finds the minimal manifest.
 *
 * @module
 */

import { defineCommand, textArgument } from "../command.ts";
import { networkSettings } from "../common_flags.ts";
import { wantedPackage, withNode } from "../with_node.ts";

export default defineCommand<Record<never, never>, [spec: string]>({
  description:
    "Finds out in the DHT which archive a package is, checks both signatures, and prints the minimal " +
    "manifest and the magnet link. A range is resolved to the highest version that its publisher lists.",
  settings: ["home", "dir", ...networkSettings],
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [textArgument("[KEY/]NAME[@RANGE]", "Package, by its publisher's key")],
    },
  },
  async run(given) {
    const { args: [spec], output } = given;
    const wanted = await wantedPackage(spec, given);
    const { resolvePackage } = await import("../../daemon/mod.ts");
    await withNode(given, async ({ operations, finding }) => {
      const { minimal, magnet, seq, outcome } = await resolvePackage(operations, wanted, finding);
      const { holding, responded } = outcome;
      output.detail(`${holding} of ${responded} nodes that answered hold the record, seq ${seq}`);
      output.result(
        { ...minimal, magnet, seq, holding, responded },
        `${JSON.stringify(minimal)}\n${magnet}`,
      );
    });
  },
});
