import assert from "node:assert/strict";
import fc from "fast-check";
import { AimdLimit } from "../../../../src/dht/announce/aimd.ts";

function feed(concurrency: AimdLimit, count: number, good: boolean, tookMs = 100): void {
  for (let i = 0; i < count; i++) concurrency.add(good, tookMs);
}

Deno.test("the limit starts at 4 and stays until a window of 20 outcomes is full", () => {
  const concurrency = new AimdLimit();
  assert.equal(concurrency.limit, 4);
  feed(concurrency, 19, true);
  assert.equal(concurrency.limit, 4);
  feed(concurrency, 1, true);
  assert.equal(concurrency.limit, 5);
});

Deno.test("the limit grows by one for each good window, up to 64", () => {
  const concurrency = new AimdLimit();
  feed(concurrency, 20 * 59, true);
  assert.equal(concurrency.limit, 63);
  feed(concurrency, 20 * 10, true);
  assert.equal(concurrency.limit, 64);
});

Deno.test("the limit halves when more than one in ten fails, and never falls below 1", () => {
  const concurrency = new AimdLimit();
  feed(concurrency, 20 * 12, true);
  assert.equal(concurrency.limit, 16);
  feed(concurrency, 17, true);
  feed(concurrency, 3, false);
  assert.equal(concurrency.limit, 8);
  feed(concurrency, 20 * 10, false);
  assert.equal(concurrency.limit, 1);
  feed(concurrency, 20, true);
  assert.equal(concurrency.limit, 2);
});

Deno.test("the limit stays the same with between 90 % and 95 % successes", () => {
  const concurrency = new AimdLimit();
  for (const failures of [1, 2]) {
    feed(concurrency, 20 - failures, true);
    feed(concurrency, failures, false);
    assert.equal(concurrency.limit, 4);
  }
});

Deno.test("the limit does not grow while most successes are slow", () => {
  const concurrency = new AimdLimit();
  concurrency.add(true, 400);
  feed(concurrency, 9, true, 400);
  feed(concurrency, 10, true, 5_000);
  assert.equal(concurrency.limit, 4);
  // A success within one second never counts as slow, however short the shortest duration was.
  concurrency.add(true, 1);
  feed(concurrency, 19, true, 900);
  assert.equal(concurrency.limit, 5);
});

Deno.test("the limit stays between 1 and 64 and changes by one or by half, for any outcomes", () => {
  const outcome = fc.tuple(fc.boolean(), fc.nat({ max: 20_000 }));
  fc.assert(fc.property(fc.array(outcome, { maxLength: 2_000 }), (outcomes) => {
    const concurrency = new AimdLimit();
    for (const [good, tookMs] of outcomes) {
      const before = concurrency.limit;
      concurrency.add(good, tookMs);
      const after = concurrency.limit;
      assert.ok(after >= 1 && after <= 64);
      assert.ok([before, before + 1, Math.max(Math.floor(before / 2), 1)].includes(after));
    }
  }));
});
