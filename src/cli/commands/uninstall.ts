/**
 * `libreseed uninstall NAME[@VERSION]`: removes a package from the store.
 *
 * @module
 */

import { defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { packageStore, projectLockPath } from "../running/package_store.ts";

type Flags = { save?: boolean };

export default defineCommand<Flags, [what: string]>({
  description:
    "Removes the package unless another package, a link or a project's lock file still needs it. Its " +
    "dependencies stay until `libreseed store prune`. The archive in the seed directory stays too; " +
    "`libreseed remove` deletes it.",
  settings: ["home"],
  home: "existing",
  names: "installed",
  parameters: {
    flags: { save: switchFlag("Also remove it from the project's lock file") },
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
      {
        signal: io.signal,
        ...(flags.save && {
          lockPath: await projectLockPath(given),
          stagingPath: io.stagingFor(io.cwd),
        }),
      },
    );
    const { name, version, publisher } = entry;
    const removed = neededBy.length === 0;
    output.notice(
      removed
        ? `removed ${name}@${version} from the store`
        : `${name}@${version} no longer counts as installed by name, but stays in the store: needed by ` +
          neededBy.join(", "),
    );
    output.result({ name, version, publisher, removed, neededBy }, undefined);
  },
});
