/**
 * `libreseed status [NAME]`: how the daemon is doing.
 *
 * @module
 */

import type { PackageJson, StatusJson } from "../../daemon/mod.ts";
import { defineCommand, textArgument } from "../command.ts";
import { withDaemon } from "../daemon_only.ts";
import { CliError } from "../errors.ts";
import { formatTable } from "../table.ts";

export default defineCommand<Record<never, never>, [name?: string]>({
  description:
    "Prints port, DHT, traffic and what is seeded; with NAME, the versions of one package. With -v also " +
    "each setting, its value and where it came from.",
  settings: ["home"],
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ ...textArgument("NAME", "Package to tell about"), optional: true }],
    },
  },
  async run(given) {
    const { args: [name], output, settings, io } = given;
    if (output.verbose) {
      const { origins, values } = await settings();
      const { settingDefinitions } = await import("../../config/mod.ts");
      for (const { key, property } of settingDefinitions) {
        output.detail(`${key} = ${JSON.stringify(values[property])} (${origins[key].where})`);
      }
    }
    await withDaemon(given, async (operations, status) => {
      const packages = (await operations.list()).filter((one) => !name || one.name === name);
      if (name && packages.length === 0) {
        throw new CliError(
          "not-found",
          "PACKAGE_NOT_FOUND",
          `There is no package named ${name} here`,
        );
      }
      const uptimeMs = io.clock.now() - status.startedMs;
      const seen = name ? packages : undefined;
      output.result(
        name ? { name, packages } : { ...status, uptimeMs, list: packages },
        formatTable(seen ? seen.flatMap(packageRows) : statusRows(status, uptimeMs, packages)),
      );
    });
  },
});

function statusRows(status: StatusJson, uptimeMs: number, packages: PackageJson[]): string[][] {
  const { dht, traffic, manager, schedule } = status;
  const rows = [
    ["process", `${status.pid}, up ${Math.round(uptimeMs / 1_000)} s`],
    ["port", `${status.port}`],
    ["seed directory", status.seedDirectory],
    ["dht", dht.state === "off" ? `off (${dht.why})` : dht.state],
    ["node", `${status.nodeId ?? "none"}, ${status.dhtNodes} nodes in its table`],
  ];
  if (traffic) {
    rows.push([
      "dht traffic",
      `${traffic.packetsIn} packets in (${traffic.bytesIn} bytes), ` +
      `${traffic.packetsOut} out (${traffic.bytesOut} bytes)`,
    ]);
  }
  rows.push(
    ["lookups", `${manager.getsAnswered} of ${manager.gets} answered`],
    ["puts", `${manager.putsStrong} of ${manager.puts} on enough nodes`],
    ["schedule", `${schedule.kept} kept, ${schedule.overdue} overdue`],
    ["packages", `${status.packages} seeded`],
  );
  for (const { name, version, problem } of packages) {
    if (problem !== undefined) {
      rows.push(["problem", `${name}${version && `@${version}`}: ${problem}`]);
    }
  }
  return rows;
}

function packageRows(one: PackageJson): string[][] {
  const rows = [
    ["package", `${one.name}@${one.version}`],
    ["state", one.problem ?? (one.seeding ? "seeding" : "idle")],
    ["archive", `${one.path}, ${one.lengthBytes} bytes`],
  ];
  if (one.publisher) rows.push(["publisher", one.publisher]);
  if (one.magnet) rows.push(["magnet", one.magnet]);
  if (one.peers !== undefined) {
    rows.push(["peers", `${one.peers}, ${one.uploadedBytes ?? 0} bytes sent`]);
  }
  return rows;
}
