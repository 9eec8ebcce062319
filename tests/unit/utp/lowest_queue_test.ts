/** Tests the lowest queueing delay of the last round trips. */

import assert from "node:assert/strict";
import { LowestQueue } from "../../../src/utp/lowest_queue.ts";

const RTT_US = 80_000;

Deno.test("a few late packets do not raise the lowest queueing delay", () => {
  const queue = new LowestQueue();
  queue.add(1_000, 0, RTT_US);
  queue.add(40_000, 10_000, RTT_US);
  assert.equal(queue.us, 1_000);
});

Deno.test("a queue that stays long for two round trips raises the lowest queueing delay", () => {
  const queue = new LowestQueue();
  queue.add(1_000, 0, RTT_US);
  queue.add(40_000, RTT_US, RTT_US);
  assert.equal(queue.us, 1_000, "after one round trip");
  queue.add(41_000, 2 * RTT_US, RTT_US);
  assert.equal(queue.us, 40_000);
});

Deno.test("without a delay, the lowest one is infinite", () => {
  assert.equal(new LowestQueue().us, Infinity);
});
