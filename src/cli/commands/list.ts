/**
 * `libreseed list`: lists the packages in the seed directory.
 *
 * @module
 */

import type { PackageJson } from "../../control/mod.ts";
import { defineCommand } from "../flags/command.ts";
import { connectHost } from "../running/host_connection.ts";
import { formatTable, tableColumns } from "../terminal/table.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "Prints name, version, size, state, publisher and web seeds of each package. Also works without a daemon; no " +
    "package is seeded then.",
  settings: ["home", "dir"],
  home: "existing",
  parameters: {},
  async run({ output, settings, io }) {
    const { values } = await settings();
    const daemon = await connectHost(values.home, {
      clock: io.clock,
      describe: io.launcher.describe,
      signal: io.signal,
      onSilence: (message) => output.warning(message),
    });
    let packages: PackageJson[];
    try {
      packages = daemon ? await daemon.client.operations.list() : await packagesIn(values.dir);
    } finally {
      daemon?.client.close();
    }
    if (output.json) {
      for (const one of packages) output.result({ ...one }, undefined);
      return;
    }
    if (packages.length === 0) return output.notice(`${values.dir} holds no packages`);
    output.result({}, formatTable(packages.map(rowOf), tableColumns(io.stdout)));
  },
});

/** Describes the packages in a seed directory, which nobody seeds. */
async function packagesIn(directory: string): Promise<PackageJson[]> {
  const { SeedDirectory } = await import("../../store/mod.ts");
  const entries = await new SeedDirectory(directory).list();
  if (entries.length === 0) return [];
  const { describeEntry } = await import("../../fetching/mod.ts");
  const described: PackageJson[] = [];
  for (const entry of entries) described.push(await describeEntry(entry, false));
  return described;
}

function rowOf(one: PackageJson): string[] {
  const state = one.problem !== undefined ? "problem" : one.seeding ? "seeding" : "idle";
  const more = one.problem ?? one.publisher ?? "";
  const name = one.version ? `${one.name}@${one.version}` : one.name;
  return [name, `${one.lengthBytes}`, state, more, ...one.webSeeds ?? []];
}
