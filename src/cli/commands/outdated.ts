/**
 * `libreseed outdated [NAME…]`: lists the packages that have newer versions.
 *
 * @module
 */

import { type CommandRun, defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { combineExitCodes, exitCodeOfError, exitCodes } from "../process/exit_codes.ts";
import { type HeldNewest, heldPackages, newestOfHeld } from "../running/held_packages.ts";
import { withNames, withNode } from "../running/with_node.ts";
import { formatTable, tableColumns } from "../terminal/table.ts";

type Flags = { installed?: boolean };
type Run = CommandRun<Flags, string[]>;

/** Maximum number of publishers' lists that are read concurrently. */
const MAX_READING = 4;
/** Text in place of a version, if no version replaces one whose key is revoked. */
const NONE = "none";

export default defineCommand<Flags, string[]>({
  description:
    "Lists the packages that have newer versions: current version, the version in the range that was " +
    "asked for, and the latest. The packages are those of libreseed.lock.json in the working directory " +
    "or, without that file, those that were installed by name; their range is ^VERSION. Exit code 0 if " +
    "all are up to date, 1 if one is not.",
  settings: ["home", "dir", ...networkSettings],
  home: "created",
  parameters: {
    flags: { installed: switchFlag("Leave the lock file out: the packages installed by name") },
    positional: {
      kind: "array",
      parameter: textArgument("NAME", "[KEY/]NAME; default: all"),
    },
  },
  async run(given) {
    const { args, flags: { installed = false }, io, output } = given;
    const { held, lockPath } = await heldPackages(given, args, installed);
    if (held.length === 0) {
      output.notice(
        lockPath ? `${lockPath} holds no packages` : "no package was installed by its name",
      );
      return exitCodes.done;
    }
    const { eachLimited } = await import("../../base/mod.ts");
    const codes: number[] = [];
    const found: HeldNewest[] = [];
    await withNode(given, (network) =>
      withNames(given, network, (names) => {
        output.step("reading the publishers' lists");
        return eachLimited(held.entries(), MAX_READING, io.signal, async ([at, one]) => {
          try {
            found[at] = await newestOfHeld(names, one);
            codes.push(exitCodes.done);
          } catch (error) {
            io.signal.throwIfAborted();
            codes.push(exitCodeOfError(error));
            output.warning(`${one.minimal.name}: ${(error as Error).message}`);
          }
        });
      }));
    const isAnyOutdated = await print(given, Object.values(found), lockPath);
    const code = combineExitCodes(codes);
    if (code !== exitCodes.done) return code;
    return isAnyOutdated ? exitCodes.failed : exitCodes.done;
  },
});

/**
 * Prints the packages that are outdated, and warns of yanked and deprecated ones. Returns whether any is
 * outdated.
 */
async function print(
  { output, io }: Run,
  found: readonly HeldNewest[],
  lockPath: string | undefined,
): Promise<boolean> {
  const { warningsOf } = await import("../../fetching/mod.ts");
  const { isOutdated } = await import("../../install/mod.ts");
  for (const { newest: { minimal }, flags } of found) {
    for (const warning of warningsOf(minimal, flags)) output.warning(warning);
  }
  const outdated = found.filter(({ newest }) => isOutdated(newest));
  const rows = [["package", "current", "wanted", "latest", "publisher"]];
  for (const { newest, flags } of outdated) {
    const { minimal: { name, version: current, pubkey: publisher }, wanted, latest } = newest;
    const { requirement: { range }, isRevoked } = newest;
    if (output.json) {
      const from = lockPath ? "lock-file" : "store";
      const data = { name, publisher, current, wanted, latest, from, ...flags };
      const more = { ...(isRevoked && { revoked: true }), ...(range !== undefined && { range }) };
      output.result({ ...data, ...more }, undefined);
    }
    const marks = isRevoked
      ? " (key revoked)"
      : flags.yanked !== undefined
      ? " (yanked)"
      : flags.deprecated
      ? " (deprecated)"
      : "";
    rows.push([name, current + marks, wanted ?? NONE, latest ?? NONE, publisher]);
  }
  if (outdated.length === 0 && found.length > 0) output.notice("all packages are up to date");
  if (outdated.length > 0 && !output.json) {
    output.result({}, formatTable(rows, tableColumns(io.stdout)));
  }
  return outdated.length > 0;
}
