/**
 * Bounded maps whose oldest entry gives way.
 */

import assert from "node:assert/strict";
import { setNewest } from "../../../src/base/mod.ts";

Deno.test("an entry that is set again is the last one", () => {
  const map = new Map([["a", 1], ["b", 2]]);
  setNewest(map, "a", 3, 2);
  assert.deepEqual([...map], [["b", 2], ["a", 3]]);
});

Deno.test("the first entry gives way to a new one beyond the maximum", () => {
  const map = new Map([["a", 1], ["b", 2]]);
  setNewest(map, "c", 3, 2);
  assert.deepEqual([...map], [["b", 2], ["c", 3]]);
});
