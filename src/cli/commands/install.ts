/**
 * `libreseed install [NAME[@RANGE]…]`: puts packages, with all that they need, into the store.
 *
 * @module
 */

import type { Installed } from "../../install/mod.ts";
import type { NamesContext } from "../../names/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { archiveSettings, networkSettings, transferSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { installing } from "../running/installing.ts";
import { projectLockPath } from "../running/package_store.ts";

type Flags = { save?: boolean; frozen?: boolean; force?: boolean };
type Run = CommandRun<Flags, string[]>;
type Names = Pick<NamesContext, "state" | "finding" | "onNotice">;

export default defineCommand<Flags, string[]>({
  description:
    "Finds each package, by the rules of trust, and all that it depends on; downloads, verifies and " +
    "unpacks them into the store, and prints the path of each that was named. Nothing of a package is " +
    "ever run. With --save, what was found is written to libreseed.lock.json in the working directory. " +
    "With --frozen, or without names, exactly what that file holds is installed. An exact version that " +
    "is in the store needs no network.",
  examples: [
    "libreseed install --save my-tool@^1.0.0",
    "libreseed install --frozen",
  ],
  settings: ["home", "dir", "policy", ...networkSettings, ...archiveSettings, ...transferSettings],
  home: "created",
  parameters: {
    flags: {
      save: switchFlag("Write what was found to the project's lock file"),
      frozen: switchFlag("Install what the project's lock file holds, nothing else"),
      force: switchFlag("Unpack anew what is in the store already"),
    },
    positional: {
      kind: "array",
      parameter: textArgument("PACKAGE", "[KEY/]NAME[@RANGE]; what is locked, without"),
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
      await installing(
        given,
        (context) => installLocked(context, lockPath, requirements, { force }),
        (installed) => Promise.resolve(say(given, installed)),
      );
      return;
    }
    await installing(
      given,
      (context) =>
        install(context, {
          requirements,
          direct: !save,
          force,
          ...(save && { lockPath }),
        }),
      async (installed, names) => {
        await pin(installed, names);
        say(given, installed);
      },
    );
  },
});

/** Pins whoever was chosen for a name, and whoever the user named by key. */
async function pin({ graph, packages }: Installed, names: Names): Promise<void> {
  const { packageRef } = await import("../../fetching/mod.ts");
  const { rememberPublisher } = await import("../../names/mod.ts");
  const { foundByBareName } = await import("../../install/mod.ts");
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const asked = new Map(packages.map(({ minimal, asked }) => [packageRef(minimal), asked]));
  for (const minimal of foundByBareName(graph)) {
    const how = asked.get(packageRef(minimal))!;
    rememberPublisher(names, minimal, parsePublicKey(minimal.pubkey), how);
  }
}

function say({ output }: Run, { direct, packages }: Installed): void {
  for (const { minimal: { name, version, pubkey }, present } of packages) {
    output.detail(`${name}@${version} by ${pubkey}: ${present ? "was there" : "new"}`);
  }
  const fresh = packages.filter(({ present }) => !present).length;
  output.notice(
    fresh === 0
      ? `in the store already, with what is needed: ${packages.length} in all`
      : `verified, with what is needed: ${packages.length} in all, ${fresh} new in the store`,
  );
  for (const { minimal, path, present, dependencies, skipped, chosen } of direct) {
    const { name, version, pubkey, archiveSha256 } = minimal;
    output.result({
      name,
      version,
      publisher: pubkey,
      path,
      sha256: archiveSha256.slice("sha256:".length),
      present,
      dependencies,
      ...(chosen && { chosen }),
      ...(skipped.length > 0 && { skipped }),
    }, path);
  }
}
