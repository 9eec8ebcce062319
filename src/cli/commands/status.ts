/**
 * `libreseed status [NAME]`: prints the state of the daemon and its packages.
 *
 * @module
 */

import { delay } from "../../base/mod.ts";
import type { Operations } from "../../control/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { withDaemon } from "../running/with_daemon.ts";
import { isScreen, LiveScreen } from "../terminal/live_screen.ts";
import {
  allRows,
  changesBetween,
  packageRows,
  type StatusRow,
  type StatusView,
  summaryRows,
} from "../terminal/status_summary.ts";
import { fitTable, formatTable, tableColumns } from "../terminal/table.ts";

type Flags = { watch?: boolean; all?: boolean };
type Run = CommandRun<Flags, [name?: string]>;

/** Interval between two queries of the daemon with `--watch`, in milliseconds. */
const WATCH_MS = 2_000;

export default defineCommand<Flags, [name?: string]>({
  description:
    "Prints problems, version, port, DHT, traffic and memory, and the ten busiest packages; with --all " +
    "each package and record; with NAME, the versions and records of one package. --watch keeps the " +
    "status on the screen; if standard output is no terminal, it prints a line for each change. -v adds " +
    "each setting of the daemon, its value and its origin.",
  settings: ["home"],
  home: "existing",
  parameters: {
    flags: {
      watch: switchFlag("Update every two seconds, until Ctrl-C"),
      all: switchFlag("Also print each package and each record"),
    },
    positional: {
      kind: "tuple",
      parameters: [{ ...textArgument("NAME", "Package to describe"), optional: true }],
    },
  },
  async run(given) {
    const { flags, io, output } = given;
    await withDaemon(given, async (operations) => {
      if (output.verbose) await printSettings(given, operations);
      if (!flags.watch) return print(given, await queryStatus(given, operations));
      if (output.json) return await watchJson(given, operations);
      if (isScreen(io.stdout, io.env)) return await watchScreen(given, operations);
      await watchLines(given, operations);
    });
  },
});

async function printSettings({ output }: Run, operations: Operations): Promise<void> {
  const { findSetting, writeSetting } = await import("../../config/mod.ts");
  for (const { key, value, where } of await operations.settings()) {
    const definition = findSetting(key);
    // A daemon of another release may have settings that this release does not know.
    const text = definition ? writeSetting(definition.type, value) : JSON.stringify(value);
    output.detail(`${key}: ${text} (${where})`);
  }
}

/**
 * Queries the state of the daemon. If the command line has a NAME, only packages and records of
 * that name are kept.
 */
async function queryStatus(given: Run, operations: Operations): Promise<StatusView> {
  const { args: [name], io } = given;
  const isMeant = (one: { name?: string }) => name === undefined || one.name === name;
  const packages = (await operations.list()).filter(isMeant);
  const records = (await operations.records()).filter(isMeant);
  if (name !== undefined && packages.length === 0) {
    throw new CliError("not-found", "PACKAGE_NOT_FOUND", `There is no package named ${name} here`, {
      detail: { unknownName: name },
    });
  }
  const { revokedUses } = await import("../running/revoked_uses.ts");
  const revoked = name === undefined ? await revokedUses(given) : [];
  return { status: await operations.status(), packages, records, revoked, nowMs: io.clock.now() };
}

function rowsOf({ args: [name], flags }: Run, view: StatusView, maxRows?: number): StatusRow[] {
  if (name !== undefined) return packageRows(view);
  return flags.all ? allRows(view) : summaryRows(view, maxRows);
}

function print(given: Run, view: StatusView): void {
  const { args: [name], io, output } = given;
  const { status, packages, records, revoked, nowMs } = view;
  output.result(
    name === undefined
      ? {
        ...status,
        uptimeMs: nowMs - status.startedMs,
        list: packages,
        records,
        ...(revoked.length > 0 && { revokedKeys: revoked }),
      }
      : { name, packages, records },
    formatTable(rowsOf(given, view), tableColumns(io.stdout)),
  );
}

/**
 * Prints the full status at each interval as JSON. A program that reads the output has to compare
 * two lines to find changes.
 */
async function watchJson(given: Run, operations: Operations): Promise<never> {
  for (;;) {
    print(given, await queryStatus(given, operations));
    await delay(given.io.clock, WATCH_MS, given.io.signal);
  }
}

/** Redraws a summary on the terminal at each interval, limited to the height of the terminal. */
async function watchScreen(given: Run, operations: Operations): Promise<never> {
  const { io } = given;
  // Query once before switching to the full screen, so that an unknown package is reported as a
  // normal error.
  let view = await queryStatus(given, operations);
  const { signal } = io;
  using screen = new LiveScreen(io.stdout);
  for (;;) {
    screen.show(fitTable(rowsOf(given, view, screen.rows), screen.columns));
    await delay(io.clock, WATCH_MS, signal);
    view = await queryStatus(given, operations);
  }
}

/** Prints the status once, then one line for each change of the status. */
async function watchLines(given: Run, operations: Operations): Promise<never> {
  const { io, output } = given;
  let before = await queryStatus(given, operations);
  print(given, before);
  for (;;) {
    await delay(io.clock, WATCH_MS, io.signal);
    const after = await queryStatus(given, operations);
    for (const change of changesBetween(before, after)) {
      output.result({}, `${new Date(after.nowMs).toISOString()}  ${change}`);
    }
    before = after;
  }
}
