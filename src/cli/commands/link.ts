/**
 * `libreseed link NAME [--to PATH]`: puts a link to a stored package where a build expects it.
 *
 * @module
 */

import { defineCommand, textArgument, textFlag } from "../flags/command.ts";
import { packageStore } from "../running/package_store.ts";

type Flags = { to?: string };

export default defineCommand<Flags, [what: string]>({
  description:
    "Links node_modules/NAME in the working directory, or PATH, to a package in the store, and prints " +
    "the link's path. Of a name alone, the version in the project's lock file is meant, or the only one " +
    "in the store. A link of ours is replaced; anything else that is there is left alone. `store prune` " +
    "keeps the package as long as the link is there.",
  settings: ["home"],
  home: "existing",
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
    const { entry, path, before } = await linkPackage(await packageStore(given), {
      requirement: parseRequirement(what),
      directory: io.cwd,
      ...(to !== undefined && { to }),
    }, io.signal);
    const { name, version, publisher } = entry;
    const words = { nothing: "linked", same: "was linked already to", other: "is now linked to" };
    output.notice(
      before === "nothing"
        ? `linked ${name}@${version} by ${publisher}`
        : `${path} ${words[before]} ${name}@${version} by ${publisher}`,
    );
    output.result({ name, version, publisher, path, target: entry.path, before }, path);
  },
});
