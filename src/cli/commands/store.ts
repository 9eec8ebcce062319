/**
 * `libreseed store list|verify|prune`: lists, verifies or prunes the installed packages.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";
import type { StoredPackage, StoreEntry } from "../../store/mod.ts";
import {
  choiceArgument,
  type CommandRun,
  defineCommand,
  switchFlag,
  textArgument,
} from "../flags/command.ts";
import { archiveSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { combineExitCodes, exitCodes } from "../process/exit_codes.ts";
import { knownKeysIfAny } from "../running/known_keys.ts";
import { packageStore } from "../running/package_store.ts";
import { formatTable, tableColumns } from "../terminal/table.ts";

type Action = "list" | "verify" | "prune";
type Flags = { dryRun?: boolean; repair?: boolean };
type Args = [action: Action, what?: string];
type Run = CommandRun<Flags, Args>;

export default defineCommand<Flags, Args>({
  description:
    "list prints name, version, size in bytes, whether it was installed by name, publisher and path of " +
    "each package. verify reads every file and compares it with the signed manifest, and looks whether " +
    "the key that signed it is revoked; exit code 4 if no package is good, 7 if some are not. --repair writes the damaged files anew from the archives " +
    "in the seed directory; where an archive is not there, `libreseed install --force` fetches it. prune removes " +
    "unneeded packages: those that were not installed by name, and that no lock file, link or other " +
    "package needs.",
  settings: ["home", "dir", ...archiveSettings],
  home: "existing",
  names: "installed",
  parameters: {
    flags: {
      dryRun: switchFlag("With prune: only list the packages that would be removed"),
      repair: switchFlag("With verify: repair damaged packages"),
    },
    positional: {
      kind: "tuple",
      parameters: [
        choiceArgument(["list", "verify", "prune"] as const, "What to do"),
        {
          ...textArgument("PACKAGE", "With list and verify: only [KEY/]NAME[@RANGE]"),
          optional: true,
        },
      ],
    },
  },
  async run(given) {
    const { args: [action, what], flags } = given;
    if (flags.dryRun && action !== "prune") {
      throw new CliError("usage", "BAD_ARGUMENTS", "--dry-run works only with store prune");
    }
    if (flags.repair && action !== "verify") {
      throw new CliError("usage", "BAD_ARGUMENTS", "--repair works only with store verify");
    }
    if (what !== undefined && action === "prune") {
      throw new CliError("usage", "BAD_ARGUMENTS", "store prune takes no name");
    }
    if (action === "list") return await list(given);
    if (action === "verify") return await verify(given);
    await prune(given);
  },
});

/**
 * Returns the stored packages that match the command's argument. Without an argument: all stored
 * packages, and the damaged ones separately.
 */
async function chosen(
  given: Run,
): Promise<{ packages: StoredPackage[]; damaged: StoreEntry[]; path: string }> {
  const { args: [, what] } = given;
  const { listStored, storedLike } = await import("../../install/mod.ts");
  const { parseRequirement } = await import("../../fetching/mod.ts");
  const store = await packageStore(given);
  const { packages, damaged } = await listStored(store);
  if (what === undefined) return { packages, damaged, path: store.path };
  const wanted = parseRequirement(what);
  const found = storedLike(packages, wanted);
  if (found.length > 0) return { packages: found, damaged: [], path: store.path };
  throw new CliError("not-found", "NOT_INSTALLED", `${what} is not in the store`, {
    detail: { unknownName: wanted.name },
  });
}

async function list(given: Run): Promise<void> {
  const { output } = given;
  const { sharedBytesOfStored, sizeOfStored } = await import("../../store/mod.ts");
  const { packages, damaged, path } = await chosen(given);
  const rows: string[][] = [];
  for (const entry of packages) {
    const { name, version, publisher, direct } = entry;
    const bytes = await sizeOfStored(entry);
    if (output.json) {
      const sharedBytes = await sharedBytesOfStored(entry);
      const { path } = entry;
      output.result({ name, version, publisher, bytes, sharedBytes, direct, path }, undefined);
    }
    const why = direct ? "by name" : "dependency";
    rows.push([`${name}@${version}`, `${bytes}`, why, publisher, entry.path]);
  }
  for (const { path, direct, problem } of damaged) {
    if (output.json) output.result({ path, direct, problem }, undefined);
    rows.push(["?", "0", "damaged", problem!, path]);
  }
  if (rows.length === 0) return output.notice(`${path} holds no packages`);
  if (!output.json) output.result({}, formatTable(rows, tableColumns(given.io.stdout)));
}

async function verify(given: Run): Promise<number> {
  const { io, output, settings } = given;
  const { archiveLimitsOf } = await import("../../package/mod.ts");
  const { checkStored } = await import("../../store/mod.ts");
  const limits = archiveLimitsOf((await settings()).values);
  const { packages, damaged, path } = await chosen(given);
  const trust = await knownKeysIfAny(given);
  const codes: number[] = [];
  for (const entry of packages) {
    io.signal.throwIfAborted();
    const { name, version, publisher } = entry;
    const problems = await checkStored(entry, limits, io.signal);
    const isDamaged = problems.length > 0;
    const refusal = trust?.refusalOf(entry.minimal);
    const isRepairable = isDamaged && !refusal;
    const repaired = isRepairable && given.flags.repair ? await repair(given, entry) : undefined;
    if (refusal) problems.push(refusal.message);
    const ok = !refusal && (!isDamaged || repaired === true);
    codes.push(ok ? exitCodes.done : exitCodes.verification);
    const verdict = refusal ? "refused" : !isDamaged ? "ok" : repaired ? "repaired" : "damaged";
    output.result(
      { name, version, publisher, path: entry.path, ok, problems, repaired },
      [`${name}@${version} ${publisher}: ${verdict}`, ...problems].join("\n  "),
    );
  }
  for (const { path, problem } of damaged) {
    codes.push(exitCodes.verification);
    output.result({ path, ok: false, problems: [problem] }, `${path}: damaged\n  ${problem}`);
  }
  if (codes.length === 0) output.notice(`${path} holds no packages`);
  return combineExitCodes(codes);
}

/** Repairs a package. Returns whether its archive was there and sound; a warning says so if not. */
async function repair({ io, output, settings }: Run, entry: StoredPackage): Promise<boolean> {
  const { repairStored } = await import("../../install/mod.ts");
  const { SeedDirectory } = await import("../../store/mod.ts");
  const { archiveLimitsOf } = await import("../../package/mod.ts");
  const { values } = await settings();
  const store = await packageStore({ io, settings });
  const options = { limits: archiveLimitsOf(values), signal: io.signal };
  const { name, version, publisher } = entry;
  let why = `is not in ${values.dir}`;
  try {
    if (await repairStored(store, new SeedDirectory(values.dir), entry, options)) return true;
  } catch (error) {
    if (!(error instanceof LibreseedError) || error.kind !== "verification") throw error;
    why = `is damaged, too: ${error.message}`;
  }
  const advice = `\`libreseed install --force ${publisher}/${name}@${version}\` fetches it`;
  output.warning(`the archive of ${name}@${version} ${why}; ${advice}`);
  return false;
}

async function prune(given: Run): Promise<void> {
  const { flags: { dryRun = false }, io, output } = given;
  const { pruneStore } = await import("../../install/mod.ts");
  const { removed, kept } = await pruneStore(await packageStore(given), {
    dryRun,
    signal: io.signal,
  });
  for (const entry of removed) {
    const { path } = entry;
    const data = entry.problem === undefined
      ? { name: entry.name, version: entry.version, publisher: entry.publisher, path }
      : { path, problem: entry.problem };
    const text = entry.problem === undefined
      ? `${entry.name}@${entry.version} ${entry.publisher}`
      : path;
    output.result({ ...data, removed: !dryRun }, text);
  }
  output.notice(`${dryRun ? "would be removed" : "removed"}: ${removed.length}, kept: ${kept}`);
}
