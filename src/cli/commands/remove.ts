/**
 * `libreseed remove NAME@VERSION`: stops seeding a package and deletes its archive.
 *
 * @module
 */

import { type CommandRun, defineCommand, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { ownIdentity } from "../running/publisher_key.ts";
import { type Network, withNode } from "../running/with_node.ts";

type Run = CommandRun<Record<never, never>, [what: string]>;

export default defineCommand<Record<never, never>, [what: string]>({
  description:
    "Removes the archive from the seed directory and stops announcing its record. Copies on other " +
    "machines stay there, and the record leaves the DHT within two hours unless another node announces " +
    "it.",
  settings: ["home", "dir"],
  home: "existing",
  names: "seeded",
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
    const wasNewest = await withNode(given, async (network) => {
      const wasNewest = await isOwnNewest(given, network, { publicKey, name, version });
      await network.operations.remove({
        name,
        version,
        ...(publicKey && { publicKey }),
      });
      return wasNewest;
    });
    output.notice(`removed ${name}@${version}`);
    if (wasNewest) {
      output.notice(
        `readers still choose ${name}@${version}, the newest version of your list; ` +
          `\`libreseed yank ${name}@${version}\` keeps them from it`,
      );
    }
    output.result({ name, version, removed: true }, undefined);
  },
});

/**
 * Whether a package in the seed directory is by this home's publisher, and the newest version that the
 * publisher's entry in the name's index names. Yanked versions are never that.
 */
async function isOwnNewest(
  { io }: Run,
  { operations, seeds, values }: Network,
  { publicKey, name, version }: { publicKey?: Uint8Array; name: string; version: string },
): Promise<boolean> {
  const own = await ownIdentity(io, values.home);
  if (!own || publicKey?.some((byte, at) => byte !== own[at])) return false;
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const present = await seeds.find({ name, version, pubkey: formatPublicKey(own) });
  const { entry } = await operations.nameEntry({ name, publicKey: own });
  return present !== undefined && entry?.version === version;
}
