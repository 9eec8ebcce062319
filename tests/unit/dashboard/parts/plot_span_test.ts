/** Tests the span of time that a plot shows. */

import assert from "node:assert/strict";
import { spanOf } from "../../../../src/dashboard/parts/plot_span.ts";

Deno.test("a plot shows the times of its values, and at least the given span", () => {
  assert.deepEqual(spanOf([1_000, 1_500, 2_000], 600, 9_000), [1_000, 2_000]);
  assert.deepEqual(spanOf([1_900, 2_000], 600, 9_000), [1_400, 2_000]);
});

Deno.test("a plot of one value ends with it, and one without values ends now", () => {
  assert.deepEqual(spanOf([2_000], 600, 9_000), [1_400, 2_000]);
  assert.deepEqual(spanOf([], 600, 9_000), [8_400, 9_000]);
});
