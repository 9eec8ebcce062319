/**
 * `libreseed upgrade [NAME…]`: installs newer versions of packages, or of libreseed itself.
 *
 * @module
 */

import type { Newest, UpgradeOutcome } from "../../install/mod.ts";
import type { MinimalManifest } from "../../package/mod.ts";
import {
  type CommandRun,
  defineCommand,
  switchFlag,
  textArgument,
  textFlag,
} from "../flags/command.ts";
import { archiveSettings, networkSettings, transferSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { heldPackages, newestOfHeld } from "../running/held_packages.ts";
import { pinInstalled, printSummary } from "../running/installed.ts";
import { installOnline } from "../running/offline_first.ts";

type Flags = {
  latest?: boolean;
  installed?: boolean;
  self?: boolean;
  from?: string;
  rollback?: boolean;
};
type Run = CommandRun<Flags, string[]>;

/** Maximum number of publishers' lists that are read concurrently. */
const MAX_READING = 4;

export default defineCommand<Flags, string[]>({
  description:
    "Installs the highest versions in the ranges that were asked for, with all dependencies: of the " +
    "packages in libreseed.lock.json, which is then replaced, or, without that file, of those that were " +
    "installed by name; their range is ^VERSION. --latest goes beyond the ranges. An upgrade is " +
    "complete, or it changes nothing, and no version becomes lower. --self replaces this program by the " +
    "newest version of libreseed, which is verified like any package; --rollback restores the program " +
    "before it, and the state.db that belongs to it.",
  examples: [
    "libreseed upgrade",
    "libreseed upgrade --latest my-tool",
    "libreseed upgrade --self",
    "libreseed upgrade --rollback",
  ],
  settings: ["home", "dir", "policy", ...networkSettings, ...archiveSettings, ...transferSettings],
  home: "created",
  parameters: {
    flags: {
      latest: switchFlag("Go beyond the ranges, to the latest versions"),
      installed: switchFlag("Leave the lock file out: the packages installed by name"),
      self: switchFlag("Replace this program by the newest libreseed"),
      from: textFlag(
        "KEY",
        "With --self: the publisher of libreseed, in place of the one built in",
      ),
      rollback: switchFlag("Restore the program before the last upgrade; no daemon may run"),
    },
    positional: {
      kind: "array",
      parameter: textArgument("NAME", "[KEY/]NAME; default: all"),
    },
  },
  async run(given) {
    const { args, flags: { latest = false, installed = false }, io, output } = given;
    if (isOfProgram(given)) {
      const { rollBackProgram, upgradeProgram } = await import("../running/program_upgrade.ts");
      if (given.flags.rollback) return await rollBackProgram(given);
      return await upgradeProgram(given, given.flags.from);
    }
    const { held, lockPath } = await heldPackages(given, args, installed);
    if (held.length === 0) {
      output.notice(
        lockPath ? `${lockPath} holds no packages` : "no package was installed by its name",
      );
      return;
    }
    const { eachLimited } = await import("../../base/mod.ts");
    const { upgradeInstalled, upgradeLocked } = await import("../../install/mod.ts");
    await installOnline(given, async (context, names) => {
      output.step("reading the publishers' lists");
      const newest: Newest[] = [];
      await eachLimited(held.entries(), MAX_READING, io.signal, async ([at, one]) => {
        newest[at] = (await newestOfHeld(names, one)).newest;
      });
      const { trust } = names.offers;
      const options = {
        beyond: latest,
        accepts: (minimal: MinimalManifest) => trust.accepts(minimal),
      };
      const saved = { lockPath: lockPath!, stagingPath: io.stagingFor(io.cwd) };
      const outcome = lockPath === undefined
        ? await upgradeInstalled(context, newest, options)
        : await upgradeLocked(context, saved, newest, options);
      await pinInstalled(outcome.installed, names, { grantsTrust: lockPath === undefined });
      print(given, outcome, newest, latest);
    });
  },
});

/**
 * Whether the command line is about the program itself.
 *
 * @throws {CliError} `BAD_ARGUMENTS` for what does not go together
 */
function isOfProgram({ args, flags }: Run): boolean {
  const { self = false, from, rollback = false, latest, installed } = flags;
  if (self && rollback) throw bad("--self and --rollback do not go together");
  if (from !== undefined && !self) throw bad("--from KEY needs --self");
  if (!self && !rollback) return false;
  const flag = self ? "--self" : "--rollback";
  if (args.length > 0) throw bad(`${flag} is about libreseed itself, and takes no NAME`);
  if (latest || installed) throw bad(`${flag} goes with neither --latest nor --installed`);
  return true;
}

function bad(message: string): CliError {
  return new CliError("usage", "BAD_ARGUMENTS", message);
}

function print(
  given: Run,
  { upgraded, installed }: UpgradeOutcome,
  newest: readonly Newest[],
  latest: boolean,
): void {
  const { output } = given;
  printSummary(given, installed);
  for (const { minimal: { name, version, pubkey: publisher }, before } of upgraded) {
    const { path, reusedBytes, fetchedBytes } = installed.direct.find(({ minimal }) =>
      minimal.name === name && minimal.version === version && minimal.pubkey === publisher
    )!;
    const counts = { reusedBytes, fetchedBytes };
    output.result(
      { name, publisher, before, version, path, ...counts },
      `${name} ${before} → ${version}`,
    );
  }
  if (upgraded.length === 0) output.notice("no package that was asked for has a newer version");
  const beyond = latest ? [] : newest.filter((one) => one.latest !== one.wanted);
  if (beyond.length === 0) return;
  const names = beyond.map((one) => `${one.minimal.name} ${one.latest}`).join(", ");
  output.notice(
    `beyond the ranges: ${names}; --latest takes ${beyond.length === 1 ? "it" : "them"}`,
  );
}
