import assert from "node:assert/strict";
import { RoundTrips } from "../../../../src/engine/dht/round_trips.ts";

Deno.test("there is no median before the first round trip", () => {
  assert.equal(new RoundTrips().medianMs, undefined);
});

Deno.test("the median is the middle time, or the mean of the two middle ones", () => {
  const trips = new RoundTrips();
  for (const timeMs of [900, 10, 30]) trips.add(timeMs);
  assert.equal(trips.medianMs, 30);
  trips.add(20);
  assert.equal(trips.medianMs, 25);
});

Deno.test("only the last 256 times count", () => {
  const trips = new RoundTrips();
  for (let i = 0; i < 256; i++) trips.add(1_000);
  for (let i = 0; i < 256; i++) trips.add(2 + i % 2);
  assert.equal(trips.medianMs, 2.5);
});
