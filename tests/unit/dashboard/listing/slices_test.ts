import assert from "node:assert/strict";
import {
  eachInSlices,
  SLICE_MS,
  type SliceClock,
  Slices,
} from "../../../../src/dashboard/listing/mod.ts";

/** A clock that goes on by a fixed time at each look, and counts the pauses. */
function steppingClock(stepMs: number): SliceClock & { pauses: number; longestMs: number } {
  let [nowMs, beganMs] = [0, 0];
  return {
    pauses: 0,
    longestMs: 0,
    now() {
      nowMs += stepMs;
      this.longestMs = Math.max(this.longestMs, nowMs - beganMs);
      return nowMs;
    },
    pause() {
      this.pauses++;
      beganMs = nowMs;
      return Promise.resolve();
    },
  };
}

Deno.test("work pauses as soon as its slice is used up, and visits everything in order", async () => {
  const clock = steppingClock(3);
  const items = Array.from({ length: 10_000 }, (_, index) => index);
  const visited: number[] = [];
  await eachInSlices(items, new Slices(clock), (item) => visited.push(item));
  assert.deepEqual(visited, items);
  assert(clock.pauses > 10, `${clock.pauses} pauses`);
  assert(clock.longestMs <= SLICE_MS + 2 * 3, `a slice took ${clock.longestMs} ms`);
});

Deno.test("short work does not pause", async () => {
  const clock = steppingClock(0);
  await eachInSlices([1, 2, 3], new Slices(clock), () => {});
  assert.equal(clock.pauses, 0);
});

Deno.test("aborted work ends at its next pause with the signal's reason", async () => {
  const ended = new AbortController();
  const clock = steppingClock(SLICE_MS);
  let visited = 0;
  const work = eachInSlices(Array(10_000).fill(0), new Slices(clock, ended.signal), () => {
    if (++visited === 100) ended.abort(new Error("a newer filter"));
  });
  await assert.rejects(work, /a newer filter/);
  assert(visited < 200, `${visited} visited`);
});
