/**
 * `deno task torture [--scale N] [--only TEXT] [--minutes N]`: runs fault and load cases. Prints
 * for each case the number of attempts, survivals and losses, the maximum memory, and the longest
 * recovery. The exit code is 1 if data was lost or a process did not survive. All traffic stays in
 * a test network on 127.0.0.1.
 */

import { parseScriptArgs } from "./arguments.ts";
import type { Case, Report } from "./torture/case.ts";
import { faults } from "./torture/faults.ts";
import { floods } from "./torture/flood.ts";
import { hostile } from "./torture/hostile.ts";
import { loads } from "./torture/load.ts";
import { machine } from "./torture/machine.ts";
import { soak } from "./torture/soak.ts";

const { values } = parseScriptArgs({
  options: {
    scale: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    // Duration of the soak test in minutes. The default is one minute per unit of scale.
    minutes: { type: "string" },
  },
});
const scale = Number(values.scale);
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const cases = [...faults, ...machine, ...hostile, ...floods, ...loads, soak].filter(({ name }) =>
  name.includes(values.only)
);
const isTime = minutes === undefined || minutes > 0;
if (!Number.isInteger(scale) || scale < 1 || !isTime || cases.length === 0) {
  console.error(`--scale takes a whole number from 1; cases: ${cases.map(({ name }) => name)}`);
  Deno.exit(2);
}

async function report({ name, run }: Case): Promise<Report> {
  console.error(`${name} …`);
  try {
    return await run(scale, minutes);
  } catch (error) {
    console.error(error);
    return { tried: 1, survived: 0, lost: 0, note: "broke off" };
  }
}

function row({ name }: Case, one: Report): string {
  const memory = one.worstBytes === undefined ? "" : `${Math.round(one.worstBytes / 2 ** 20)} MiB`;
  const recovery = one.worstRecoveryMs === undefined
    ? ""
    : `${(one.worstRecoveryMs / 1_000).toFixed(1)} s`;
  const note = one.problem === undefined ? one.note : `${one.note}; ${one.problem}`;
  const cells = [name, one.tried, one.survived, one.lost, memory, recovery, note];
  return `| ${cells.join(" | ")} |`;
}

const rows: string[] = [];
let isWell = true;
for (const one of cases) {
  const outcome = await report(one);
  isWell &&= outcome.survived === outcome.tried && outcome.lost === 0 && !outcome.problem;
  rows.push(row(one, outcome));
}
console.log("| case | tried | survived | lost | worst memory | worst recovery | of what |");
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const line of rows) console.log(line);
if (!isWell) Deno.exit(1);
