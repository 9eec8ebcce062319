import assert from "node:assert/strict";
import { exponentOf, growthOf } from "../../../scripts/bench/picture.ts";

for (const exponent of [0.5, 1, 1.5]) {
  Deno.test(`a cost that grows with the power ${exponent} on top of a fixed one is seen as that`, () => {
    const points = [0, 300, 3_000, 30_000]
      .map((count) => [count, 400 + 0.3 * count ** exponent] as const);
    const growth = growthOf(points)!;
    assert.ok(Math.abs(growth.exponent - exponent) < 0.02, `${growth.exponent}`);
    assert.ok(Math.abs(growth.base - 400) < 10, `${growth.base}`);
    // By the whole of it less would be seen.
    assert.ok(exponentOf({ name: "", points: points.slice(1) }) < exponent);
  });
}

Deno.test("three points say nothing of a base, a share and a power", () => {
  assert.equal(growthOf([[0, 1], [10, 2], [100, 3]]), undefined);
});
