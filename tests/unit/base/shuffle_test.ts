/**
 * Random order.
 */

import assert from "node:assert/strict";
import { shuffle } from "../../../src/base/mod.ts";

Deno.test("each order of three items can come, and none loses an item", () => {
  const orders = new Set<string>();
  for (const first of [0, 0.34, 0.67]) {
    for (const second of [0, 0.5]) {
      const items = ["a", "b", "c"];
      const numbers = [first, second];
      shuffle(items, () => numbers.shift()!);
      assert.deepEqual(items.toSorted(), ["a", "b", "c"]);
      orders.add(items.join(""));
    }
  }
  assert.equal(orders.size, 6);
});
