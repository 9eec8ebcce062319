import assert from "node:assert/strict";
import { BufferPool } from "../../../../src/engine/upload/buffer_pool.ts";

Deno.test("a released buffer is reused for the same length, and only once", () => {
  const pool = new BufferPool(1_000);
  const [a, b] = [pool.acquire(100), pool.acquire(200)];
  pool.release(a);
  pool.release(a);
  pool.release(b);
  assert.equal(pool.acquire(200), b);
  assert.equal(pool.acquire(100), a);
  assert.notEqual(pool.acquire(100), a);
});

Deno.test("the pool keeps at most maxBytes, and drops buffers when maxBytes shrinks", () => {
  const pool = new BufferPool(250);
  const buffers = [pool.acquire(100), pool.acquire(100), pool.acquire(100)];
  for (const buffer of buffers) pool.release(buffer);
  const taken = [pool.acquire(100), pool.acquire(100), pool.acquire(100)];
  assert.equal(taken.filter((buffer) => buffers.includes(buffer)).length, 2);
  for (const buffer of taken) pool.release(buffer);
  pool.maxBytes = 0;
  for (const buffer of taken) assert.notEqual(pool.acquire(100), buffer);
  for (const buffer of taken) pool.release(buffer);
  assert.ok(!taken.includes(pool.acquire(100)));
  pool.maxBytes = 100;
  pool.release(buffers[0]!);
  assert.equal(pool.acquire(100), buffers[0]);
});
