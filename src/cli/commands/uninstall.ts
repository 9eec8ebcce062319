/**
 * `libreseed uninstall NAME[@VERSION]`: takes a package out of the store.
 *
 * @module
 */

import { defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { packageStore, projectLockPath } from "../running/package_store.ts";

type Flags = { save?: boolean };

export default defineCommand<Flags, [what: string]>({
  description:
    "Removes the package unless something needs it still: another package, a link, or the lock file of " +
    "a project. What it depends on stays until `libreseed store prune`. The archive in the seed " +
    "directory stays too: `libreseed remove` is for that.",
  settings: ["home"],
  home: "existing",
  parameters: {
    flags: { save: switchFlag("Take it out of the project's lock file first") },
    positional: {
      kind: "tuple",
      parameters: [textArgument("PACKAGE", "[KEY/]NAME[@VERSION]")],
    },
  },
  async run(given) {
    const { args: [what], flags, io, output } = given;
    const { parseRequirement } = await import("../../fetching/mod.ts");
    const { uninstall } = await import("../../install/mod.ts");
    const { entry, neededBy } = await uninstall(
      await packageStore(given),
      parseRequirement(what),
      { signal: io.signal, ...(flags.save && { lockPath: await projectLockPath(given) }) },
    );
    const { name, version, publisher } = entry;
    const removed = neededBy.length === 0;
    output.notice(
      removed
        ? `removed ${name}@${version} from the store`
        : `${name}@${version} is not installed by its name any more, but stays: it is needed by ` +
          neededBy.join(", "),
    );
    output.result({ name, version, publisher, removed, neededBy }, undefined);
  },
});
