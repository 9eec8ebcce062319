import assert from "node:assert/strict";
import { RecentSpeed } from "../../../../src/engine/download/recent_speed.ts";

/** A peer that has sent some bytes, with an average speed. */
function peer(average: number) {
  return { downloaded: 0, downloadSpeed: () => average };
}

Deno.test("the speed of the last half second counts, if it is above the average", () => {
  const speed = new RecentSpeed();
  const wire = peer(100);
  const at = (ms: number) => speed.of(wire as never, ms);
  assert.equal(at(10_000), 100);
  wire.downloaded = 1_000;
  // Less than half a second says nothing: a burst would look like a great speed.
  assert.equal(at(10_499), 100);
  assert.equal(at(10_500), 2_000);
  wire.downloaded = 5_000;
  assert.equal(at(10_600), 2_000);
  assert.equal(at(11_500), 4_000);
  // The peer has stopped.
  assert.equal(at(12_500), 100);
});

Deno.test("time without a question counts, too", () => {
  const speed = new RecentSpeed();
  const wire = peer(0);
  speed.of(wire as never, 0);
  wire.downloaded = 1_000;
  assert.equal(speed.of(wire as never, 10_000), 100);
});

Deno.test("each peer has its own speed", () => {
  const speed = new RecentSpeed();
  const [one, other] = [peer(0), peer(0)];
  for (const wire of [one, other]) speed.of(wire as never, 0);
  one.downloaded = 500;
  other.downloaded = 50;
  assert.equal(speed.of(one as never, 500), 1_000);
  assert.equal(speed.of(other as never, 500), 100);
});
