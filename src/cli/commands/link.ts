/**
 * `libreseed link NAME [--to PATH]`: creates a link to a stored package where a build expects it.
 *
 * @module
 */

import { defineCommand, textArgument, textFlag } from "../flags/command.ts";
import { knownKeys } from "../running/known_keys.ts";
import { packageStore } from "../running/package_store.ts";

type Flags = { to?: string };

export default defineCommand<Flags, [what: string]>({
  description:
    "Links node_modules/NAME in the working directory, or PATH, to a package in the store, and prints " +
    "the link's path. A name alone means the version in the project's lock file, or the only one in the " +
    "store. An existing link into the store is replaced; any other file is left alone. `store prune` " +
    "keeps the package as long as the link exists.",
  settings: ["home"],
  home: "existing",
  names: "installed",
  parameters: {
    flags: { to: textFlag("PATH", "Path of the link, instead of node_modules/NAME") },
    positional: {
      kind: "tuple",
      parameters: [textArgument("PACKAGE", "[KEY/]NAME[@RANGE] in the store")],
    },
  },
  async run(given) {
    const { args: [what], flags: { to }, io, output } = given;
    const { linkPackage } = await import("../../install/mod.ts");
    const { parseRequirement } = await import("../../fetching/mod.ts");
    const trust = await knownKeys(given);
    const { entry, path, before } = await linkPackage(await packageStore(given), {
      requirement: parseRequirement(what),
      directory: io.cwd,
      ...(to !== undefined && { to }),
      accept: (minimal) => trust.check(minimal, minimal.archiveSha256),
    }, io.signal);
    const { name, version, publisher } = entry;
    const words = { nothing: "linked", same: "is already linked to", other: "is now linked to" };
    output.notice(
      before === "nothing"
        ? `linked ${name}@${version} by ${publisher}`
        : `${path} ${words[before]} ${name}@${version} by ${publisher}`,
    );
    output.result({ name, version, publisher, path, target: entry.path, before }, path);
  },
});
