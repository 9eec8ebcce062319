import assert from "node:assert/strict";
import { TokenBucket } from "../../../src/base/mod.ts";

Deno.test("a new bucket is full, and an empty one gives nothing", () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 1 }, 0);
  assert.deepEqual([bucket.take(0), bucket.take(0), bucket.take(0)], [true, true, false]);
});

Deno.test("tokens come back at the refill rate, up to the capacity", () => {
  const bucket = new TokenBucket({ burst: 4, perSecond: 2 }, 0);
  bucket.tokens = 0;
  assert.equal(bucket.take(499), false);
  assert.equal(bucket.take(500), true);
  assert.equal(bucket.fill(1_500), 2);
  assert.equal(bucket.fill(60_000), 4);
});

Deno.test("a clock that is set back takes no tokens, and refilling goes on from there", () => {
  const bucket = new TokenBucket({ burst: 10, perSecond: 1 }, 10_000);
  bucket.tokens = 3;
  assert.equal(bucket.fill(4_000), 3);
  assert.equal(bucket.fill(6_000), 5);
});

Deno.test("a debt is paid back before a token is given", () => {
  const bucket = new TokenBucket({ burst: 1, perSecond: 1 }, 0);
  bucket.tokens = -2;
  assert.equal(bucket.take(2_000), false);
  assert.equal(bucket.take(3_000), true);
});
