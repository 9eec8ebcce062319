/**
 * `libreseed status [[KEY/]NAME]`: prints the state of the daemon and its packages.
 *
 * @module
 */

import { delay } from "../../base/mod.ts";
import type { Operations, PackageJson } from "../../control/mod.ts";
import type { FoundSeeders } from "../../fetching/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { withDaemon } from "../running/with_daemon.ts";
import { isScreen, LiveScreen } from "../terminal/live_screen.ts";
import type { ShownTorrent } from "../terminal/peer_rows.ts";
import type { StatusRow, StatusView } from "../terminal/status_summary.ts";
import { fitTable, formatTable, tableColumns } from "../terminal/table.ts";

type Flags = { watch?: boolean; all?: boolean };
type Run = CommandRun<Flags, [name?: string]>;

/** Queries the daemon for what the command shows. */
type Query = () => Promise<StatusView>;

/** Interval between two queries of the daemon with `--watch`, in milliseconds. */
const WATCH_MS = 2_000;

export default defineCommand<Flags, [name?: string]>({
  description:
    "Prints problems, version, port, DHT, traffic and memory, and the ten busiest packages; with --all " +
    "each package and record; with NAME, the versions, peers and records of one package; with KEY/NAME, also who " +
    "seeds the publisher, as the seeders claim. --watch keeps the " +
    "status on the screen; if standard output is no terminal, it prints a line for each change. -v adds " +
    "each setting of the daemon, its value and its origin.",
  settings: ["home"],
  home: "existing",
  names: "seeded",
  parameters: {
    flags: {
      watch: switchFlag("Update every two seconds, until Ctrl-C"),
      all: switchFlag("Also print each package and each record"),
    },
    positional: {
      kind: "tuple",
      parameters: [{ ...textArgument("[KEY/]NAME", "Package to describe"), optional: true }],
    },
  },
  async run(given) {
    const { flags, io, output } = given;
    await withDaemon(given, async (operations) => {
      if (output.verbose) await printSettings(given, operations);
      // The seeders are asked once for the whole run: each question dials up to 64 peers.
      const subject = await readSubject(given, operations);
      const query = () => queryStatus(given, operations, subject);
      if (!flags.watch) return await print(given, subject, await query());
      if (output.json) return await watchJson(given, subject, query);
      if (isScreen(io.stdout, io.env)) return await watchScreen(given, query);
      await watchLines(given, subject, query);
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

/** The package that the command names, and the seeders of its publisher, for one run of the command. */
interface Subject {
  /** Name of the package; absent if the command names none. */
  name?: string;
  /** The package's publisher as `ed25519:BASE64`, if the command names it. */
  publisher?: string;
  /** The peers at the publisher's rendezvous; absent if no publisher is named, or nobody could be asked. */
  rendezvous?: FoundSeeders;
}

/** Reads the argument of the command, and asks at the rendezvous of the publisher that it names. */
async function readSubject(given: Run, operations: Operations): Promise<Subject> {
  const { args: [text], io, output } = given;
  if (text === undefined) return {};
  const { parsePackageSpec } = await import("../../package/mod.ts");
  // Names of archives that cannot be read are file names, so a name need not have the form of one.
  if (!/^(ed25519:|[0-9a-fA-F]{64}\/)/.test(text)) return { name: text };
  const { publicKey, name, range } = parsePackageSpec(text);
  if (range !== undefined) throw showsAllVersions(`KEY/${name}`, range);
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const { findSeeders } = await import("../../fetching/mod.ts");
  output.step("asking the seeders of the publisher");
  const rendezvous = await findSeeders(operations, publicKey!, io.signal);
  return { name, publisher: formatPublicKey(publicKey!), ...(rendezvous && { rendezvous }) };
}

function showsAllVersions(name: string, range: string): CliError {
  return new CliError(
    "usage",
    "BAD_ARGUMENTS",
    `\`status\` shows all versions of a package: write ${name} without @${range}`,
  );
}

/**
 * Queries the state of the daemon. If the command line names a package, only versions and records of it are
 * kept.
 */
async function queryStatus(
  given: Run,
  operations: Operations,
  { name, publisher, rendezvous }: Subject,
): Promise<StatusView> {
  const { io } = given;
  const isMeant = (one: { name?: string; publisher?: string }) =>
    (name === undefined || one.name === name) &&
    (publisher === undefined || one.publisher === undefined || one.publisher === publisher);
  const packages = (await operations.list()).filter(isMeant);
  const records = (await operations.records()).filter(isMeant);
  if (name !== undefined && publisher === undefined && packages.length === 0) {
    const [, plain, range] = /^(.+)@(.+)$/.exec(name) ?? [];
    if (plain !== undefined) throw showsAllVersions(plain, range!);
    throw new CliError("not-found", "PACKAGE_NOT_FOUND", `There is no package named ${name} here`, {
      detail: { unknownName: name },
    });
  }
  const { revokedUses } = await import("../running/revoked_uses.ts");
  const { describeSeeders } = await import("../terminal/found_seeders.ts");
  const revoked = name === undefined ? await revokedUses(given) : [];
  const torrents = name === undefined ? [] : await torrentsOf(operations, packages);
  return {
    ...{ status: await operations.status(), packages, records, revoked, nowMs: io.clock.now() },
    torrents,
    ...(publisher !== undefined && { seeders: describeSeeders(rendezvous) }),
  };
}

/** Asks for the torrents of the versions that have peers. */
async function torrentsOf(
  operations: Operations,
  packages: readonly PackageJson[],
): Promise<ShownTorrent[]> {
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const shown: ShownTorrent[] = [];
  for (const { name, version, publisher, path, peers = 0 } of packages) {
    if (peers === 0 || publisher === undefined) continue;
    const wanted = { name, version, publicKey: parsePublicKey(publisher), files: false };
    // A daemon of another release may not know the operation, and a version may be removed meanwhile.
    const details = await operations.describePackage(wanted).catch(() => undefined);
    if (details?.torrent) shown.push({ path, version, publisher, ...details.torrent });
  }
  return shown;
}

async function rowsOf(
  { args: [name], flags }: Run,
  view: StatusView,
  maxRows?: number,
): Promise<StatusRow[]> {
  const { allRows, packageRows, summaryRows } = await import("../terminal/status_summary.ts");
  if (name !== undefined) return packageRows(view);
  return flags.all ? allRows(view) : summaryRows(view, maxRows);
}

async function print(
  given: Run,
  { name, publisher, rendezvous }: Subject,
  view: StatusView,
): Promise<void> {
  const { io, output } = given;
  const { status, packages, records, torrents = [], revoked, nowMs } = view;
  output.result(
    name === undefined
      ? {
        ...status,
        uptimeMs: nowMs - status.startedMs,
        list: packages,
        records,
        ...(revoked.length > 0 && { revokedKeys: revoked }),
      }
      : {
        ...{ name, packages, records, torrents: torrents.map(({ path: _, ...one }) => one) },
        ...(publisher !== undefined && { publisher, rendezvous }),
      },
    formatTable(await rowsOf(given, view), tableColumns(io.stdout)),
  );
}

/**
 * Prints the full status at each interval as JSON. A program that reads the output has to compare
 * two lines to find changes.
 */
async function watchJson(given: Run, subject: Subject, query: Query): Promise<never> {
  for (;;) {
    await print(given, subject, await query());
    await delay(given.io.clock, WATCH_MS, given.io.signal);
  }
}

/** Redraws a summary on the terminal at each interval, limited to the height of the terminal. */
async function watchScreen(given: Run, query: Query): Promise<never> {
  const { io } = given;
  // Query once before switching to the full screen, so that an unknown package is reported as a
  // normal error.
  let view = await query();
  const { signal } = io;
  using screen = new LiveScreen(io.stdout);
  for (;;) {
    screen.show(fitTable(await rowsOf(given, view, screen.rows), screen.columns));
    await delay(io.clock, WATCH_MS, signal);
    view = await query();
  }
}

/** Prints the status once, then one line for each change of the status. */
async function watchLines(given: Run, subject: Subject, query: Query): Promise<never> {
  const { io, output } = given;
  const { changesBetween } = await import("../terminal/status_summary.ts");
  let before = await query();
  await print(given, subject, before);
  for (;;) {
    await delay(io.clock, WATCH_MS, io.signal);
    const after = await query();
    for (const change of changesBetween(before, after)) {
      output.result({}, `${new Date(after.nowMs).toISOString()}  ${change}`);
    }
    before = after;
  }
}
