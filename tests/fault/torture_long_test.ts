/**
 * Runs those cases of `deno task torture` that no other test covers, at a small scale. The cases
 * run concurrently, because they mostly wait.
 */

import assert from "node:assert/strict";
import type { Case } from "../../scripts/torture/case.ts";
import { faults } from "../../scripts/torture/faults.ts";
import { hostile } from "../../scripts/torture/hostile.ts";
import { machine } from "../../scripts/torture/machine.ts";
import { canMount } from "../support/mod.ts";

/** Half of the smallest scale that `deno task torture` uses. */
const SCALE = 0.5;

const names = [
  "state.db overwritten with noise",
  "clients that download at once from one daemon",
  "daemon stopped for a while (SIGSTOP)",
  "reading a seeded archive fails (EIO)",
  ...canMount ? ["seed directory on a disk that becomes read-only"] : [],
];
const cases: readonly Case[] = [...faults, ...hostile, ...machine];

Deno.test("the program survives a failing machine and many clients, at a small scale", async (t) => {
  const outcomes = await Promise.all(names.map((name) => {
    const one = cases.find((one) => one.name === name);
    assert.ok(one, `no case is named ${name}`);
    return t.step({
      name,
      async fn() {
        const { tried, survived, lost, problem } = await one.run(SCALE);
        // `tried` is 0 if this machine lacks a tool that the case needs.
        assert.deepEqual([survived, lost, problem], [tried, 0, undefined]);
      },
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
    });
  }));
  assert.ok(outcomes.every((isWell) => isWell));
});
