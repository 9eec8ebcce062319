import assert from "node:assert/strict";
import { type Request, RequestQueue } from "../../../../src/engine/upload/request_queue.ts";

const request = (n: number): Request => [n, n * 16_384, 16_384];

function all(queue: RequestQueue): Request[] {
  const taken: Request[] = [];
  while (queue.length > 0) {
    assert.deepEqual(queue.first(), queue.first());
    const first = queue.first();
    assert.deepEqual(queue.take(), first);
    taken.push(first);
  }
  return taken;
}

Deno.test("requests leave the queue in the order of arrival, also when the ring buffer wraps or grows", () => {
  const queue = new RequestQueue();
  const taken: Request[] = [];
  let pushed = 0;
  for (let round = 1; round < 40; round++) {
    for (let n = 0; n < round * 7; n++) queue.push(...request(pushed++));
    for (let n = 0; n < round * 5; n++) taken.push(queue.take());
  }
  assert.equal(queue.length, pushed - taken.length);
  taken.push(...all(queue));
  assert.deepEqual(taken, Array.from({ length: pushed }, (_, n) => request(n)));
});

Deno.test("numbers up to 2^32 - 1 are kept unchanged", () => {
  const queue = new RequestQueue();
  queue.push(2 ** 32 - 1, 2 ** 31, 1);
  assert.deepEqual(queue.take(), [2 ** 32 - 1, 2 ** 31, 1]);
});

Deno.test("remove takes a cancelled request out and keeps the order of the others", () => {
  const queue = new RequestQueue();
  // Move the start of the ring buffer to the middle of its memory, so that the next entries wrap
  // around.
  for (let n = 0; n < 50; n++) queue.push(...request(0));
  for (let n = 0; n < 50; n++) queue.take();
  for (let n = 0; n < 60; n++) queue.push(...request(n));
  for (const n of [0, 31, 59]) assert.equal(queue.remove(...request(n)), true);
  for (const n of [0, 31, 59, 60]) assert.equal(queue.remove(...request(n)), false);
  assert.equal(queue.remove(5, 5 * 16_384, 16_383), false);
  const left = Array.from({ length: 60 }, (_, n) => n).filter((n) => ![0, 31, 59].includes(n));
  assert.deepEqual(all(queue), left.map(request));
});

Deno.test("remove searches only the newest requests of a long queue", () => {
  const queue = new RequestQueue();
  for (let n = 0; n < 5_000; n++) queue.push(...request(n));
  assert.equal(queue.remove(...request(4_999)), true);
  assert.equal(queue.remove(...request(0)), false);
  assert.equal(queue.length, 4_999);
});
