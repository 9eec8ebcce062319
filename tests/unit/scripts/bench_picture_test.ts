import assert from "node:assert/strict";
import { draw, exponentOf, formatExponent, growthOf } from "../../../scripts/bench/picture.ts";

for (const exponent of [0.5, 1, 1.5]) {
  Deno.test(`a fit separates a fixed cost from one that grows with the power ${exponent}`, () => {
    const points = [0, 300, 3_000, 30_000]
      .map((count) => [count, 400 + 0.3 * count ** exponent] as const);
    const growth = growthOf(points)!;
    assert.ok(Math.abs(growth.exponent - exponent) < 0.02, `${growth.exponent}`);
    assert.ok(Math.abs(growth.base - 400) < 10, `${growth.base}`);
    // Without the measurement at size zero, the fixed cost would lower the fitted exponent.
    assert.ok(exponentOf({ name: "", points: points.slice(1) }) < exponent);
  });
}

Deno.test("a fit of base, share and power needs more than three points", () => {
  assert.equal(growthOf([[0, 1], [10, 2], [100, 3]]), undefined);
});

Deno.test("an exponent that rounds to zero has no sign", () => {
  assert.equal(formatExponent({ name: "", points: [], exponent: -0.002 }), "0.00");
  assert.equal(formatExponent({ name: "", points: [], exponent: -0.5 }), "-0.50");
});

Deno.test("the horizontal axis counts packages unless it is told what", () => {
  const series = [{ name: "one", points: [[1, 1], [10, 20]] as const }];
  assert.match(draw("Costs", "ms", series), /text-anchor="middle">packages</);
  assert.match(draw("Costs", "ms", series, "versions"), /text-anchor="middle">versions</);
});
