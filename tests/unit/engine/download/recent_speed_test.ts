import assert from "node:assert/strict";
import { RecentSpeed } from "../../../../src/engine/download/recent_speed.ts";

/** A peer whose average is 100 bytes a second, and which has sent so many bytes at a time. */
function peer() {
  const speed = new RecentSpeed();
  const wire = { downloaded: 0, downloadSpeed: () => 100 };
  return (ms: number, downloaded: number) => {
    wire.downloaded = downloaded;
    return speed.of(wire as never, ms);
  };
}

Deno.test("of a peer that begins to send after a while, the time before does not count", () => {
  const at = peer();
  assert.equal(at(0, 0), 100);
  assert.equal(at(10_000, 1_000), 100);
  // Less than half a second says nothing: a burst would look like a great speed.
  assert.equal(at(10_400, 2_000), 100);
  assert.equal(at(10_500, 2_000), 4_000);
  assert.equal(at(11_000, 3_000), 3_000);
  assert.equal(at(12_000, 3_000), 1_500);
});

Deno.test("five seconds later, and of a peer that is slower than its average, the average counts", () => {
  const at = peer();
  at(0, 0);
  at(10_000, 1_000);
  for (let ms = 10_100; ms <= 15_100; ms += 100) at(ms, ms);
  assert.equal(at(15_200, 15_200), 100);
  const slow = peer();
  slow(0, 0);
  slow(10_000, 10);
  assert.equal(slow(10_500, 20), 100);
});

Deno.test("a peer that was silent for a second begins anew", () => {
  const at = peer();
  at(0, 0);
  at(5_000, 1_000);
  assert.equal(at(5_500, 1_500), 3_000);
  assert.equal(at(60_000, 1_500), 100);
  assert.equal(at(60_000, 2_500), 100);
  assert.equal(at(60_500, 3_500), 4_000);
});
