/**
 * The lab's main process. `enter.ts` runs it in namespaces of its own.
 *
 *   inside.ts measure TOPOLOGY ROUNDS    measures a topology; prints each row as a line of JSON
 *   inside.ts check GROUP NAME           runs a check of `checks.ts`; prints "passed"
 */

import { checks, type Group } from "./checks.ts";
import { Lab } from "./lab.ts";
import { lanTopologies } from "./lan.ts";
import { measure } from "./measure.ts";
import { bulkTopologies } from "./bulk.ts";
import { swarmTopology } from "./swarm.ts";
import { topologies } from "./topologies.ts";
import { utpTopologies } from "./utp.ts";
import { webTopology } from "./web.ts";

await using lab = await Lab.start();
if (Deno.args[0] === "check") {
  const [, group, name] = Deno.args as ["check", Group, string];
  const ofGroup: Record<string, (lab: Lab) => Promise<void>> = checks[group];
  await ofGroup[name]!(lab);
  console.log("passed");
} else {
  const [, name, rounds] = Deno.args as ["measure", string, string];
  const topology = [
    ...topologies,
    webTopology,
    swarmTopology,
    ...bulkTopologies,
    ...utpTopologies,
    ...lanTopologies,
  ]
    .find((one) => one.name === name)!;
  const count = Math.min(Number(rounds), topology.maxRounds ?? Infinity);
  for (const row of await measure(name, await topology.build(lab), count)) {
    console.log(JSON.stringify(row));
  }
}
