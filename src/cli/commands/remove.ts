/**
 * `libreseed remove NAME@VERSION`: stops seeding a package and deletes its archive.
 *
 * @module
 */

import { defineCommand, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { withNode } from "../running/with_node.ts";

export default defineCommand<Record<never, never>, [what: string]>({
  description:
    "Removes the archive from the seed directory and stops announcing its record. Copies on other " +
    "machines stay there, and the record leaves the DHT within two hours unless another node announces " +
    "it.",
  settings: ["home", "dir"],
  home: "existing",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [textArgument("[KEY/]NAME@VERSION", "Package to remove")],
    },
  },
  async run(given) {
    const { args: [what], output } = given;
    const { isValidVersion, parsePackageSpec } = await import("../../package/mod.ts");
    const { publicKey, name, range: version } = parsePackageSpec(what);
    if (version === undefined || !isValidVersion(version)) {
      throw new CliError(
        "usage",
        "BAD_ARGUMENTS",
        `${what} names no exact version: write NAME@VERSION, as \`libreseed list\` shows it`,
      );
    }
    await withNode(given, ({ operations }) =>
      operations.remove({
        name,
        version,
        ...(publicKey && { publicKey }),
      }));
    output.notice(`removed ${name}@${version}`);
    output.result({ name, version, removed: true }, undefined);
  },
});
