import assert from "node:assert/strict";
import { bucketRowsOf, prefixWords } from "../../../../src/dashboard/listing/mod.ts";

Deno.test("rows go from prefix 0 to the longest one, with empty buckets between", () => {
  const rows = bucketRowsOf([{ prefixBits: 3, nodes: 2, good: 1 }, {
    prefixBits: 1,
    nodes: 8,
    good: 8,
  }]);
  assert.deepEqual(rows.map(({ fromBits, nodes, good }) => [fromBits, nodes, good]), [
    [0, 0, 0],
    [1, 8, 8],
    [2, 0, 0],
    [3, 2, 1],
  ]);
});

Deno.test("a node that is very close to us makes one row of all the empty ones before it", () => {
  const rows = bucketRowsOf([{ prefixBits: 0, nodes: 8, good: 8 }, {
    prefixBits: 159,
    nodes: 1,
    good: 1,
  }]);
  assert.deepEqual(rows.map(prefixWords), ["0", "1–158", "159"]);
});

Deno.test("no buckets make no rows, and more good nodes than nodes are cut", () => {
  assert.deepEqual(bucketRowsOf([]), []);
  assert.equal(bucketRowsOf([{ prefixBits: 0, nodes: 1, good: 5 }])[0]!.good, 1);
});
