import assert from "node:assert/strict";
import { DialQueue } from "../../../../src/engine/dial/dial_queue.ts";

Deno.test("take returns the waiting dials of an address in order of arrival", () => {
  const queue = new DialQueue<number>();
  for (const dial of [1, 2, 3]) assert.ok(queue.add("198.51.100.7:6881", dial));
  assert.ok(queue.add("198.51.100.8:6881", 4));
  assert.deepEqual(queue.take("198.51.100.7:6881"), [1, 2, 3]);
  assert.deepEqual(queue.take("198.51.100.7:6881"), []);
  assert.equal(queue.size, 1);
});

Deno.test("the number of waiting dials is limited over all addresses", () => {
  const queue = new DialQueue<number>(3);
  for (let i = 0; i < 3; i++) assert.ok(queue.add(`198.51.100.${i}:6881`, i));
  assert.ok(!queue.add("198.51.100.0:6881", 3));
  assert.ok(!queue.add("198.51.100.9:6881", 3));
  assert.equal(queue.size, 3);
  queue.take("198.51.100.0:6881");
  assert.ok(queue.add("198.51.100.9:6881", 3));
});
