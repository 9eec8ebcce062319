import assert from "node:assert/strict";
import { bucketsOf } from "../../../../src/engine/dht/table_buckets.ts";

const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

/** Returns an id that shares exactly `bits` bits with the id of zeros. */
function sharing(bits: number): Uint8Array {
  const id = new Uint8Array(20);
  id[bits >> 3] = 0x80 >> (bits & 7);
  return id;
}

const own = new Uint8Array(20);

Deno.test("nodes are grouped by the bits that their ids share with ours, the most distant first", () => {
  for (let bits = 0; bits < 160; bits++) {
    assert.deepEqual(bucketsOf(own, [{ id: sharing(bits) }], NOW_MS), [
      { prefixBits: bits, nodes: 1, good: 0 },
    ]);
  }
  const contacts = [159, 0, 9, 0].map((bits) => ({ id: sharing(bits), seen: NOW_MS }));
  assert.deepEqual(bucketsOf(own, contacts, NOW_MS), [
    { prefixBits: 0, nodes: 2, good: 2 },
    { prefixBits: 9, nodes: 1, good: 1 },
    { prefixBits: 159, nodes: 1, good: 1 },
  ]);
  assert.deepEqual(bucketsOf(own, [], NOW_MS), []);
});

Deno.test("a node is good if it was heard from in the last 15 minutes", () => {
  const good = (seen: number | undefined) =>
    bucketsOf(own, [{ id: sharing(3), seen }], NOW_MS)[0]!.good;
  assert.equal(good(undefined), 0);
  assert.equal(good(NOW_MS - 15 * MINUTE_MS), 1);
  assert.equal(good(NOW_MS - 15 * MINUTE_MS - 1), 0);
  assert.equal(good(NOW_MS + 60 * MINUTE_MS), 0);
});
