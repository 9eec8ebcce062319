import assert from "node:assert/strict";
import fc from "fast-check";
import { QUERY_TIMEOUT_MS, RttEstimator } from "../../../../src/dht/lookup/rtt_estimator.ts";

Deno.test("the patience is half a second before the first reply", () => {
  const rtt = new RttEstimator();
  assert.equal(rtt.smoothedMs, undefined);
  assert.equal(rtt.patienceMs, 500);
});

Deno.test("the first reply sets time and variation (RFC 6298 section 2.2)", () => {
  const rtt = new RttEstimator();
  rtt.add(100);
  assert.equal(rtt.smoothedMs, 100);
  assert.equal(rtt.patienceMs, 100 + 4 * 50);
});

Deno.test("later replies move them by an eighth and a quarter (RFC 6298 section 2.3)", () => {
  const rtt = new RttEstimator();
  rtt.add(100);
  rtt.add(180);
  const variation = 50 + (80 - 50) / 4;
  assert.equal(rtt.smoothedMs, 110);
  assert.equal(rtt.patienceMs, 110 + 4 * variation);
});

Deno.test("steady replies reduce the patience, down to 60 ms", () => {
  const rtt = new RttEstimator();
  for (let i = 0; i < 100; i++) rtt.add(5);
  assert.equal(rtt.patienceMs, 60);
});

Deno.test("the patience never exceeds the query timeout", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e7, noNaN: true })), (measured) => {
      const rtt = new RttEstimator();
      for (const rttMs of measured) rtt.add(rttMs);
      assert.ok(rtt.patienceMs >= 60 && rtt.patienceMs <= QUERY_TIMEOUT_MS);
    }),
  );
});
