/**
 * `libreseed remove NAME@VERSION`: seeds a package no more and deletes its archive.
 *
 * @module
 */

import { defineCommand, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { withNode } from "../running/with_node.ts";

export default defineCommand<Record<never, never>, [what: string]>({
  description:
    "Takes the archive out of the seed directory and no longer announces its record. What others hold " +
    "stays with them, and the record leaves the DHT within two hours unless somebody else keeps it.",
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
