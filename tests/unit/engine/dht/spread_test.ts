import assert from "node:assert/strict";
import { spread } from "../../../../src/engine/dht/spread.ts";

const networkOf = (address: string) => address.split(".")[0]!;

Deno.test("of one large network and many small ones, all small ones are chosen", () => {
  const crowd = Array.from({ length: 1_000 }, (_, i) => `crowd.${i}`);
  const others = Array.from({ length: 9 }, (_, i) => `other${i}.0`);
  const chosen = spread([...crowd, ...others], networkOf, 12);
  assert.equal(chosen.length, 12);
  assert.deepEqual(chosen.filter((one) => !one.startsWith("crowd")).sort(), others);
  assert.equal(new Set(chosen).size, 12);
});

Deno.test("of more networks than there is room for, other ones are chosen each time", () => {
  const all = Array.from({ length: 100 }, (_, i) => `n${i}.0`);
  const seen = new Set(Array.from({ length: 100 }, () => spread(all, networkOf, 10)).flat());
  assert.ok(seen.size > 90, `${seen.size}`);
});

Deno.test("fewer items than there is room for are all chosen", () => {
  assert.deepEqual(spread(["a.1", "a.2", "b.1"], networkOf, 8).sort(), ["a.1", "a.2", "b.1"]);
  assert.deepEqual(spread([], networkOf, 8), []);
});
