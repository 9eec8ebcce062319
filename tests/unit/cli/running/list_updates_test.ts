/**
 * Timing and batching of updates to a publisher's list.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ListUpdates } from "../../../../src/cli/running/list_updates.ts";
import type { Published } from "../../../../src/publishing/publish.ts";

/** Makes a scheduler of list updates that take `costMs` each, on a clock that the test advances. */
function made(costMs: number, fails: (added: number) => boolean = () => false) {
  let nowMs = 0;
  const added: number[] = [];
  const listed: number[] = [];
  const failed: number[] = [];
  const clock = { now: () => nowMs, after: () => assert.fail("it sets no timers") };
  const updates = new ListUpdates(
    clock,
    (some) => {
      nowMs += costMs;
      if (fails(added.length + failed.length)) return Promise.reject(new Error("no room"));
      added.push(some.length);
      return Promise.resolve();
    },
    (published) => listed.push(published as unknown as number),
    (_, count) => failed.push(count),
  );
  let number = 0;
  const publish = async (count: number, eachMs: number) => {
    for (let i = 0; i < count; i++) {
      nowMs += eachMs;
      await updates.take(number++ as unknown as Published);
    }
  };
  return { updates, publish, added, listed, failed };
}

Deno.test("packages published slowly are added one by one, without delay", async () => {
  const { publish, added, listed } = made(50);
  await publish(3, 1_100);
  assert.deepEqual([added, listed], [[1, 1, 1], [0, 1, 2]]);
});

Deno.test("packages published fast are added in batches, in order, the last batch at the end", async () => {
  const { updates, publish, added, listed } = made(50);
  await publish(25, 100);
  assert.deepEqual(added, [10, 10]);
  assert.equal(listed.length, 20);
  await updates.flush();
  await updates.flush();
  assert.deepEqual([added, listed], [[10, 10, 5], Array.from({ length: 25 }, (_, i) => i)]);
});

Deno.test("slow updates run less often, and take at most a fifth of the time", async () => {
  const { publish, added } = made(2_000);
  await publish(200, 100);
  assert.deepEqual(added, [10, 80, 80]);
});

Deno.test("a failed update is reported with its number of packages, and later packages are added", async () => {
  const { updates, publish, added, listed, failed } = made(50, (count) => count === 1);
  await publish(25, 100);
  await updates.flush();
  assert.deepEqual([added, failed], [[10, 5], [10]]);
  assert.deepEqual(listed.length, 15);
});
