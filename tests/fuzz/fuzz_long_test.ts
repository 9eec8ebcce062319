/**
 * Fuzzes every parser of untrusted input with a fixed seed. `deno task fuzz` fuzzes for longer,
 * with other seeds.
 */

import assert from "node:assert/strict";
import { toHex } from "../../src/base/mod.ts";
import { targets } from "./targets/mod.ts";
import { Watchdog } from "./watchdog.ts";

const SEED = 20_260_101;
/**
 * Number of damaged inputs for a target whose relative cost is 1. Costlier targets get fewer
 * inputs.
 */
const INPUTS = 40_000;

Deno.test("each target has a name of its own, by which the fuzzing thread finds it", () => {
  const names = targets.map(({ name }) => name);
  assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
});

using watchdog = new Watchdog();

for (const { name, cost = 1 } of targets) {
  Deno.test({
    name: `the parser reads or refuses damaged input: ${name}`,
    // The leak checks are off, because the fuzzing thread is kept for the next test.
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      const inputs = Math.ceil(INPUTS / cost);
      const outcome = await watchdog.run({ target: name, seed: SEED, inputs });
      if (outcome.kind === "broke") assert.fail(`${outcome.why}\ninput ${toHex(outcome.input)}`);
      assert.ok(outcome.inputs >= inputs);
    },
  });
}
