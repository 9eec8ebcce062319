/**
 * `deno task fuzz [--minutes N] [--seed N] [--only TARGET]`: throws damaged input at all targets in
 * turn. What breaks one is kept in `corpus/TARGET/`, where the suite finds it from then on. Exit code 1
 * if anything broke.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CORPUS } from "./target.ts";
import { targets } from "./targets/mod.ts";
import { Watch } from "./watch.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string" },
    only: { type: "string" },
  },
});
const minutes = Number(values.minutes);
const chosen = targets.filter(({ name }) => values.only === undefined || name === values.only);
if (!(minutes > 0) || chosen.length === 0) {
  console.error(`Nothing to do. Targets: ${targets.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}

const firstSeed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const endMs = performance.now() + minutes * 60_000;
/** Long enough to get somewhere, short enough that each target has many turns. */
const turnMs = Math.min(20_000, minutes * 60_000 / chosen.length);
const totals = new Map(chosen.map(({ name }) => [name, { inputs: 0, allocatedBytes: 0 }]));
let broken = 0;
let worstBytes = 0;
using watch = new Watch();
for (let seed = firstSeed; performance.now() < endMs; seed++) {
  for (const { name } of chosen) {
    const forMs = Math.min(turnMs, endMs - performance.now());
    if (forMs <= 0) break;
    const outcome = await watch.run({ target: name, seed, forMs });
    if (outcome.kind === "held") {
      const total = totals.get(name)!;
      total.inputs += outcome.inputs;
      total.allocatedBytes = Math.max(total.allocatedBytes, outcome.allocatedBytes);
      worstBytes = Math.max(worstBytes, outcome.rssBytes);
      continue;
    }
    broken++;
    const digest = createHash("sha256").update(outcome.input).digest("hex").slice(0, 12);
    const path = join(CORPUS, name, `found-${digest}`);
    await Deno.mkdir(join(CORPUS, name), { recursive: true });
    await Deno.writeFile(path, outcome.input);
    console.error(`${name} broke with seed ${seed}; its input is ${path}\n${outcome.why}\n`);
  }
}
for (const [name, { inputs, allocatedBytes }] of totals) {
  const mib = (allocatedBytes / 2 ** 20).toFixed(1);
  console.log(`${name.padEnd(18)} ${inputs} inputs, at most ${mib} MiB allocated for one`);
}
console.log(`first seed ${firstSeed}, ${broken} broken, at most ${worstBytes >> 20} MiB resident`);
if (broken > 0) Deno.exit(1);
