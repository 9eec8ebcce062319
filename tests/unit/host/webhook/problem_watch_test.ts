import assert from "node:assert/strict";
import type { ProblemJson } from "../../../../src/control/mod.ts";
import { HOLD_MS, ProblemWatch } from "../../../../src/host/webhook/problem_watch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const problem = (text: string, about = "record"): ProblemJson => ({
  severity: "warning",
  about,
  text,
});

function world() {
  const clock = new FakeClock();
  const told: string[] = [];
  const watch = new ProblemWatch(
    clock,
    ({ text }, isThere) => told.push(`${isThere ? "+" : "-"} ${text}`),
  );
  return { clock, told, watch };
}

Deno.test("a problem that lasts is told once, and so is its end", async () => {
  const { clock, told, watch } = world();
  watch.hear([problem("the disk is full")]);
  await clock.advance(HOLD_MS - 1);
  assert.deepEqual(told, []);
  await clock.advance(1);
  watch.hear([problem("the disk is full")]);
  await clock.advance(10 * HOLD_MS);
  assert.deepEqual(told, ["+ the disk is full"]);
  watch.hear([]);
  await clock.advance(HOLD_MS);
  assert.deepEqual(told, ["+ the disk is full", "- the disk is full"]);
});

Deno.test("a problem that comes and goes causes no message", async () => {
  const { clock, told, watch } = world();
  for (let turn = 0; turn < 5; turn++) {
    watch.hear([problem("x")]);
    await clock.advance(HOLD_MS - 1);
    watch.hear([]);
    await clock.advance(HOLD_MS - 1);
  }
  watch.hear([problem("y")]);
  await clock.advance(HOLD_MS);
  watch.hear([]);
  await clock.advance(HOLD_MS - 1);
  watch.hear([problem("y")]);
  await clock.advance(10 * HOLD_MS);
  assert.deepEqual(told, ["+ y"]);
});

Deno.test("another number is the same problem, another thing is not", async () => {
  const { clock, told, watch } = world();
  watch.hear([problem("1,204 records are weak")]);
  await clock.advance(HOLD_MS);
  watch.hear([problem("5 records are weak"), problem("5 records are weak", "mirror")]);
  await clock.advance(HOLD_MS);
  assert.deepEqual(told, ["+ 1,204 records are weak", "+ 5 records are weak"]);
  watch.hear([problem("6 records are weak", "mirror")]);
  await clock.advance(HOLD_MS);
  assert.deepEqual(told.slice(2), ["- 5 records are weak"]);
});

Deno.test("nothing is told after the stop", async () => {
  const { clock, told, watch } = world();
  watch.hear([problem("x")]);
  watch.stop();
  await clock.advance(10 * HOLD_MS);
  assert.deepEqual(told, []);
});
