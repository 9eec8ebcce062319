/**
 * When published packages are added to their publisher's list, and told of.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Listing } from "../../../../src/cli/terminal/listing.ts";
import type { Published } from "../../../../src/publishing/publish.ts";

/** A listing that takes `costMs` an addition, on a clock that only goes on where it is told to. */
function made(costMs: number, fails: (added: number) => boolean = () => false) {
  let nowMs = 0;
  const added: number[] = [];
  const listed: number[] = [];
  const failed: number[] = [];
  const clock = { now: () => nowMs, after: () => assert.fail("it sets no timers") };
  const listing = new Listing(
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
      await listing.take(number++ as unknown as Published);
    }
  };
  return { listing, publish, added, listed, failed };
}

Deno.test("what is published slowly is added one by one, at once", async () => {
  const { publish, added, listed } = made(50);
  await publish(3, 1_100);
  assert.deepEqual([added, listed], [[1, 1, 1], [0, 1, 2]]);
});

Deno.test("what is published fast is added some at a time, the rest at the end, in its order", async () => {
  const { listing, publish, added, listed } = made(50);
  await publish(25, 100);
  assert.deepEqual(added, [10, 10]);
  assert.equal(listed.length, 20);
  await listing.flush();
  await listing.flush();
  assert.deepEqual([added, listed], [[10, 10, 5], Array.from({ length: 25 }, (_, i) => i)]);
});

Deno.test("the longer it takes, the seldomer it is done: four fifths of the time are for publishing", async () => {
  const { publish, added } = made(2_000);
  await publish(200, 100);
  assert.deepEqual(added, [10, 80, 80]);
});

Deno.test("what was not added is told with its number, and what comes later is added", async () => {
  const { listing, publish, added, listed, failed } = made(50, (count) => count === 1);
  await publish(25, 100);
  await listing.flush();
  assert.deepEqual([added, failed], [[10, 5], [10]]);
  assert.deepEqual(listed.length, 15);
});
