/** Tests that a compact map does what a `Map` does, beside its order of changed entries. */

import assert from "node:assert/strict";
import { CompactMap } from "../../../src/base/mod.ts";
import { seededRandom } from "../../support/simulated_dht.ts";

Deno.test("a compact map agrees with a Map after 200,000 random changes", () => {
  const random = seededRandom(1);
  const compact = new CompactMap();
  const map = new Map<string, string>();
  for (let change = 0; change < 200_000; change++) {
    const key = `package-${Math.floor(random() * 3_000)}-ä.tgz`;
    if (random() < 0.6) {
      const value = `${change} `.repeat(Math.floor(random() * 12));
      compact.set(key, value);
      map.delete(key);
      map.set(key, value);
    } else assert.equal(compact.delete(key), map.delete(key));
    if (change % 50_000 === 0) assert.deepEqual([...compact], [...map]);
  }
  assert.deepEqual([...compact], [...map]);
  assert.deepEqual([...compact.keys()], [...map.keys()]);
  assert.equal(compact.size, map.size);
  for (let i = 0; i < 3_500; i++) {
    const key = `package-${i}-ä.tgz`;
    assert.equal(compact.get(key), map.get(key));
    assert.equal(compact.has(key), map.has(key));
  }
  compact.clear();
  assert.deepEqual([[...compact], compact.size, compact.get("package-1-ä.tgz")], [
    [],
    0,
    undefined,
  ]);
});

Deno.test("empty texts and long texts are kept, and longer ones refused", () => {
  const compact = new CompactMap();
  const long = "x".repeat(32_767);
  for (const [key, value] of [["", "a"], ["b", ""], [long, long], ["c", long]] as const) {
    compact.set(key, value);
    assert.equal(compact.get(key), value);
  }
  assert.equal(compact.size, 4);
  assert.throws(() => compact.set("d", `${long}x`), RangeError);
  assert.throws(() => compact.get(`${long}x`), RangeError);
  assert.equal(compact.size, 4);
});

Deno.test("an iteration goes on while entries are removed and set", () => {
  const compact = new CompactMap();
  for (let i = 0; i < 1_000; i++) compact.set(`${i}`, "before");
  let seen = 0;
  for (const key of compact.keys()) {
    compact.delete(key);
    if (++seen <= 1_000) compact.set(`new ${key}`, "after");
    if (seen === 5_000) break;
  }
  assert.ok(seen >= 1_000 && seen < 5_000, `${seen}`);
});
