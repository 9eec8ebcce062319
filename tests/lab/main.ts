/**
 * `deno task lab [--short] [--only NAME] [--rounds N] [--list]`: measures the topologies of the lab
 * and prints a table: for each pair of seeder and reader, the median time of interleaved rounds in
 * seconds. `--only` takes a whole name or its beginning. Topologies that cannot run here are named.
 * The program under test is LIBRESEED_BIN, else `dist/libreseed`, else the sources.
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseScriptArgs } from "../../scripts/arguments.ts";
import { bulkTopologies } from "./bulk.ts";
import { enterLab, labNeeds, missingHere } from "./enter.ts";
import { lanTopologies } from "./lan.ts";
import { tableHead, tableRow } from "./measure.ts";
import { swarmTopology } from "./swarm.ts";
import { topologies } from "./topologies.ts";
import { utpTopologies } from "./utp.ts";
import { webTopology } from "./web.ts";

const { values } = parseScriptArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "5" },
    list: { type: "boolean", default: false },
  },
});
const all = [
  ...topologies,
  webTopology,
  swarmTopology,
  ...bulkTopologies,
  ...utpTopologies,
  ...lanTopologies,
];
const chosen = all.filter(({ name, isShort }) =>
  name.startsWith(values.only) && (isShort || !values.short)
);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || chosen.length === 0) {
  console.error(`--rounds takes a whole number from 1; --only: ${all.map(({ name }) => name)}`);
  Deno.exit(2);
}
if (values.list) {
  for (const { name, about } of chosen) console.log(`${name}: ${about}`);
  Deno.exit(0);
}

const compiled = fileURLToPath(new URL("../../dist/libreseed", import.meta.url));
const program = Deno.env.get("LIBRESEED_BIN") ?? (existsSync(compiled) ? compiled : undefined);
console.error(`program: ${program ?? "the sources"}`);
console.log(tableHead);
let isWell = true;
for (const { name, about, needs } of chosen) {
  const missing = await missingHere([...labNeeds, ...needs]);
  if (missing.length > 0) {
    console.log(`| ${name} | | | skipped | | not here: ${missing.join(", ")} |`);
    continue;
  }
  console.error(`${name}: ${about} …`);
  await using inside = enterLab(["measure", name, String(rounds)], program);
  const { code, stdout, stderr } = await inside.result;
  for (const line of stdout.trim().split("\n").filter((text) => text.startsWith("{"))) {
    console.log(tableRow(JSON.parse(line)));
  }
  if (code !== 0) {
    isWell = false;
    console.error(`${name} broke off: ${stderr}`);
  }
}
Deno.exit(isWell ? 0 : 1);
