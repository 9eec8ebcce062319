/**
 * `deno task fuzz [--minutes N] [--seed N] [--only TARGET]`: feeds damaged input to all targets in
 * turn. An input that breaks a target is kept in `corpus/TARGET/`, where the suite uses it from
 * then on. The exit code is 1 if a target broke or got no damaged input.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseScriptArgs } from "../../scripts/arguments.ts";
import { conclude, runCampaign } from "./campaign.ts";
import { CORPUS } from "./target.ts";
import { targets } from "./targets/mod.ts";
import { Watchdog } from "./watchdog.ts";

const { values } = parseScriptArgs({
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
using watchdog = new Watchdog();
const outcome = await runCampaign({
  targets: chosen.map(({ name }) => name),
  forMs: minutes * 60_000,
  firstSeed,
  run: (job) => watchdog.run(job),
  now: () => performance.now(),
  async onBroken(name, seed, { input, why }) {
    const digest = createHash("sha256").update(input).digest("hex").slice(0, 12);
    const path = join(CORPUS, name, `found-${digest}`);
    await Deno.mkdir(join(CORPUS, name), { recursive: true });
    await Deno.writeFile(path, input);
    console.error(`${name} broke with seed ${seed}; its input is ${path}\n${why}\n`);
  },
});
const { lines, isGood } = conclude(outcome, firstSeed);
console.log(lines.join("\n"));
if (!isGood) Deno.exit(1);
