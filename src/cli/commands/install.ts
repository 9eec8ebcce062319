/**
 * `libreseed install [NAME[@RANGE]…]`: installs packages and their dependencies into the store.
 *
 * @module
 */

import type { Installed } from "../../install/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { archiveSettings, networkSettings, transferSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { pinInstalled, printSummary } from "../running/installed.ts";
import { installOfflineFirst } from "../running/offline_first.ts";
import { projectLockPath } from "../running/package_store.ts";

type Flags = { save?: boolean; frozen?: boolean; force?: boolean };
type Run = CommandRun<Flags, string[]>;

export default defineCommand<Flags, string[]>({
  description:
    "Finds each package, by the rules of trust, and all its dependencies; downloads, verifies and " +
    "unpacks them into the store, and prints the path of each named package. No code of a package is " +
    "ever run. --save writes the resolved versions to libreseed.lock.json in the working directory. " +
    "--frozen, or no names, installs exactly the versions in that file. An exact version that is in " +
    "the store needs no network.",
  examples: [
    "libreseed install --save my-tool@^1.0.0",
    "libreseed install --frozen",
  ],
  settings: ["home", "dir", "policy", ...networkSettings, ...archiveSettings, ...transferSettings],
  home: "created",
  parameters: {
    flags: {
      save: switchFlag("Write the resolved versions to the project's lock file"),
      frozen: switchFlag("Install exactly the versions in the project's lock file"),
      force: switchFlag("Unpack again packages that are in the store already"),
    },
    positional: {
      kind: "array",
      parameter: textArgument("PACKAGE", "[KEY/]NAME[@RANGE]; default: all of the lock file"),
    },
  },
  async run(given) {
    const { args, flags: { save, frozen, force } } = given;
    if (save && (frozen || args.length === 0)) {
      const why = frozen
        ? "--save writes the lock file, --frozen only reads it"
        : "--save needs the names of packages";
      throw new CliError("usage", "BAD_ARGUMENTS", why);
    }
    const { install, installLocked } = await import("../../install/mod.ts");
    const { parseRequirement } = await import("../../fetching/mod.ts");
    const requirements = args.map(parseRequirement);
    const lockPath = await projectLockPath(given);
    if (frozen || args.length === 0) {
      await installOfflineFirst(
        given,
        (context) => installLocked(context, lockPath, requirements, { force }),
        (installed) => Promise.resolve(printInstalled(given, installed)),
      );
      return;
    }
    await installOfflineFirst(
      given,
      (context) =>
        install(context, {
          requirements,
          direct: !save,
          force,
          ...(save && { lockPath, stagingPath: given.io.stagingFor(given.io.cwd) }),
        }),
      async (installed, names) => {
        await pinInstalled(installed, names);
        printInstalled(given, installed);
      },
    );
  },
});

function printInstalled(given: Run, installed: Installed): void {
  const { output } = given;
  printSummary(given, installed);
  for (const one of installed.direct) {
    const { minimal, path, present, dependencies, skipped, chosen, flags } = one;
    const { name, version, pubkey, archiveSha256 } = minimal;
    output.result({
      name,
      version,
      publisher: pubkey,
      path,
      sha256: archiveSha256.slice("sha256:".length),
      present,
      dependencies,
      reusedBytes: one.reusedBytes,
      fetchedBytes: one.fetchedBytes,
      ...(chosen && { chosen }),
      ...(skipped.length > 0 && { skipped }),
      ...flags,
    }, path);
  }
}
