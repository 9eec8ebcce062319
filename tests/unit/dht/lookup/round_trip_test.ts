import assert from "node:assert/strict";
import fc from "fast-check";
import { QUERY_TIMEOUT_MS, RoundTripEstimator } from "../../../../src/dht/lookup/round_trip.ts";

Deno.test("before any answer the patience is half a second", () => {
  const roundTrip = new RoundTripEstimator();
  assert.equal(roundTrip.smoothedMs, undefined);
  assert.equal(roundTrip.patienceMs, 500);
});

Deno.test("the first answer sets time and variation as RFC 6298 section 2.2 has it", () => {
  const roundTrip = new RoundTripEstimator();
  roundTrip.add(100);
  assert.equal(roundTrip.smoothedMs, 100);
  assert.equal(roundTrip.patienceMs, 100 + 4 * 50);
});

Deno.test("later answers move them by an eighth and a quarter (RFC 6298 section 2.3)", () => {
  const roundTrip = new RoundTripEstimator();
  roundTrip.add(100);
  roundTrip.add(180);
  const variation = 50 + (80 - 50) / 4;
  assert.equal(roundTrip.smoothedMs, 110);
  assert.equal(roundTrip.patienceMs, 110 + 4 * variation);
});

Deno.test("steady answers make it less patient, down to 60 ms", () => {
  const roundTrip = new RoundTripEstimator();
  for (let i = 0; i < 100; i++) roundTrip.add(5);
  assert.equal(roundTrip.patienceMs, 60);
});

Deno.test("it is never more patient than a query lasts", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e7, noNaN: true })), (measured) => {
      const roundTrip = new RoundTripEstimator();
      for (const rttMs of measured) roundTrip.add(rttMs);
      assert.ok(roundTrip.patienceMs >= 60 && roundTrip.patienceMs <= QUERY_TIMEOUT_MS);
    }),
  );
});
