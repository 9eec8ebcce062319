/**
 * Every parser that meets a stranger, under a fixed seed; `deno task fuzz` goes on for longer, with
 * other seeds.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toHex } from "../../src/base/mod.ts";
import { targets } from "./targets/mod.ts";
import { Watch } from "./watch.ts";

const SEED = 20_260_101;
/** Of a cheap target. */
const INPUTS = 40_000;

using watch = new Watch();

for (const { name, cost = 1 } of targets) {
  Deno.test({
    name: `damaged input is read or refused: ${name}`,
    // The thread is used again by the next test.
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      const inputs = Math.ceil(INPUTS / cost);
      const outcome = await watch.run({ target: name, seed: SEED, inputs });
      if (outcome.kind === "broke") assert.fail(`${outcome.why}\ninput ${toHex(outcome.input)}`);
      assert.ok(outcome.inputs >= inputs);
    },
  });
}
