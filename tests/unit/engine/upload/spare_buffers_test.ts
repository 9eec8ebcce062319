import assert from "node:assert/strict";
import { SpareBuffers } from "../../../../src/engine/upload/spare_buffers.ts";

Deno.test("a buffer that was given back is used again for the same length, and handed out once", () => {
  const spare = new SpareBuffers(1_000);
  const [a, b] = [spare.take(100), spare.take(200)];
  spare.give(a);
  spare.give(a);
  spare.give(b);
  assert.equal(spare.take(200), b);
  assert.equal(spare.take(100), a);
  assert.notEqual(spare.take(100), a);
});

Deno.test("no more is kept than was said, and what is too much is let go of", () => {
  const spare = new SpareBuffers(250);
  const buffers = [spare.take(100), spare.take(100), spare.take(100)];
  for (const buffer of buffers) spare.give(buffer);
  const taken = [spare.take(100), spare.take(100), spare.take(100)];
  assert.equal(taken.filter((buffer) => buffers.includes(buffer)).length, 2);
  for (const buffer of taken) spare.give(buffer);
  spare.maxBytes = 0;
  for (const buffer of taken) assert.notEqual(spare.take(100), buffer);
  for (const buffer of taken) spare.give(buffer);
  assert.ok(!taken.includes(spare.take(100)));
  spare.maxBytes = 100;
  spare.give(buffers[0]!);
  assert.equal(spare.take(100), buffers[0]);
});
