/**
 * `libreseed status [NAME]`: how the daemon is doing.
 *
 * @module
 */

import { delay } from "../../base/mod.ts";
import type { Operations, PackageJson, RecordJson, StatusJson } from "../../daemon/mod.ts";
import { type CommandRun, defineCommand, switchFlag, textArgument } from "../command.ts";
import { withDaemon } from "../daemon_only.ts";
import { CliError } from "../errors.ts";
import { formatBytes, formatDuration } from "../format.ts";
import { labelOf } from "../record_label.ts";
import { formatTable } from "../table.ts";

type Flags = { watch?: boolean };
type Run = CommandRun<Flags, [name?: string]>;

/** How often `--watch` looks again. */
const WATCH_MS = 2_000;
const CLEAR_SCREEN = "\x1b[H\x1b[2J";

export default defineCommand<Flags, [name?: string]>({
  description:
    "Prints port, DHT, traffic, memory and each record; with NAME, the versions and records of one " +
    "package. With -v also each setting of the daemon, its value and where it came from.",
  settings: ["home"],
  home: "existing",
  parameters: {
    flags: { watch: switchFlag("Look again every two seconds, until Ctrl-C") },
    positional: {
      kind: "tuple",
      parameters: [{ ...textArgument("NAME", "Package to tell about"), optional: true }],
    },
  },
  async run(given) {
    const { flags, io, output } = given;
    await withDaemon(given, async (operations) => {
      if (output.verbose) {
        const { findSetting, writeSetting } = await import("../../config/mod.ts");
        for (const { key, value, where } of await operations.settings()) {
          const definition = findSetting(key);
          // A daemon of another version may have a setting that we do not know.
          const text = definition ? writeSetting(definition.type, value) : JSON.stringify(value);
          output.detail(`${key}: ${text} (${where})`);
        }
      }
      await say(given, operations);
      while (flags.watch) {
        await delay(io.clock, WATCH_MS, io.signal);
        // Where nobody looks at a screen, the lines just follow each other.
        if (io.stdout.isTerminal) await output.writeBytes(new TextEncoder().encode(CLEAR_SCREEN));
        await say(given, operations);
      }
    });
  },
});

async function say({ args: [name], output, io }: Run, operations: Operations): Promise<void> {
  const isMeant = (one: { name?: string }) => name === undefined || one.name === name;
  const packages = (await operations.list()).filter(isMeant);
  const records = (await operations.records()).filter(isMeant);
  if (name !== undefined && packages.length === 0) {
    throw new CliError("not-found", "PACKAGE_NOT_FOUND", `There is no package named ${name} here`);
  }
  const nowMs = io.clock.now();
  const recordRows = records.map((record) => recordRow(record, nowMs));
  if (name !== undefined) {
    const rows = [...packages.flatMap(packageRows), ...recordRows];
    return output.result({ name, packages, records }, formatTable(rows));
  }
  const status = await operations.status();
  const uptimeMs = nowMs - status.startedMs;
  output.result(
    { ...status, uptimeMs, list: packages, records },
    formatTable([...statusRows(status, uptimeMs, packages), ...recordRows]),
  );
}

function statusRows(status: StatusJson, uptimeMs: number, packages: PackageJson[]): string[][] {
  const { dht, traffic, manager, schedule, memory } = status;
  const rows = [
    ["process", `${status.pid}, up ${formatDuration(uptimeMs)}`],
    ["port", `${status.port}`],
    ["seed directory", status.seedDirectory],
    ["dht", describeDht(dht)],
    ["node", `${status.nodeId ?? "none"}, ${status.dhtNodes} nodes in its table`],
  ];
  if (traffic) {
    rows.push([
      "dht traffic",
      `${traffic.packetsIn} packets in (${formatBytes(traffic.bytesIn)}), ` +
      `${traffic.packetsOut} out (${formatBytes(traffic.bytesOut)})`,
    ]);
  }
  const { roundTripMs } = manager;
  const roundTrip = roundTripMs === undefined ? "" : `, round trip ${roundTripMs.toFixed(1)} ms`;
  rows.push(
    ["lookups", `${manager.getsAnswered} of ${manager.gets} answered${roundTrip}`],
    ["puts", `${manager.putsStrong} of ${manager.puts} on enough nodes`],
    ["schedule", `${schedule.kept} kept, ${schedule.overdue} overdue`],
    ["packages", `${status.packages} seeded`],
    [
      "transfer",
      `${formatBytes(status.uploadedBytes)} sent (${formatBytes(status.uploadSpeed)}/s), ` +
      `${formatBytes(status.downloadedBytes)} received (${formatBytes(status.downloadSpeed)}/s)`,
    ],
    ["memory", `${formatBytes(memory.residentBytes)} resident`],
  );
  for (const { name, version, problem } of packages) {
    if (problem !== undefined) {
      rows.push(["problem", `${name}${version && `@${version}`}: ${problem}`]);
    }
  }
  return rows;
}

function describeDht(dht: StatusJson["dht"]): string {
  if (dht.state === "off") return `off (${dht.why})`;
  return dht.state === "on" && dht.silent ? "on, but no node answers" : dht.state;
}

function packageRows(one: PackageJson): string[][] {
  const rows = [
    ["package", `${one.name}@${one.version}`],
    ["state", one.problem ?? (one.seeding ? "seeding" : "idle")],
    ["archive", `${one.path}, ${formatBytes(one.lengthBytes)}`],
  ];
  if (one.publisher) rows.push(["publisher", one.publisher]);
  if (one.magnet) rows.push(["magnet", one.magnet]);
  if (one.peers !== undefined) {
    const sent = one.uploadedBytes ?? 0;
    const ratio = one.lengthBytes === 0 ? 0 : sent / one.lengthBytes;
    rows.push(["peers", `${one.peers}, ${formatBytes(sent)} sent, ratio ${ratio.toFixed(2)}`]);
  }
  return rows;
}

function recordRow(record: RecordJson, nowMs: number): string[] {
  const { holding, asked, nextDueMs, error } = record;
  const due = nextDueMs === undefined
    ? "not announced yet"
    : nextDueMs <= nowMs
    ? "due now"
    : `next in ${formatDuration(nextDueMs - nowMs)}`;
  const trouble = error === undefined ? "" : `; ${error}`;
  return ["record", `${labelOf(record)}: on ${holding} nodes, ${asked} asked, ${due}${trouble}`];
}
