/** Tests the day in memory: its steps, its gaps, and its size. */

import assert from "node:assert/strict";
import { History, type Sample } from "../../../../src/host/observing/history.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 1);

/** A host whose counters grow by fixed amounts a minute of the clock's timers. */
function world(startMs = START_MS) {
  const clock = new FakeClock(startMs);
  const history = new History(clock);
  const counts = { minutes: 0 };
  const measure = (): Promise<Sample> => {
    const { minutes } = counts;
    return Promise.resolve({
      uploadedBytes: minutes * 60_000,
      downloadedBytes: minutes * 6_000,
      packetsIn: minutes * 7,
      packetsOut: minutes * 8,
      announced: minutes * 3,
      announcedWell: minutes * 2,
      peers: minutes,
      roundTripMs: 12.5,
      residentBytes: 123_456_789,
    });
  };
  return {
    ...{ clock, history, counts, measure },
    start: () => history.start(measure),
    async pass(minutes: number) {
      for (let at = 0; at < minutes; at++) {
        counts.minutes++;
        await clock.advance(MINUTE_MS);
      }
    },
  };
}

Deno.test("each full minute has means, counts and the values at its end", async () => {
  const { history, start, pass } = world();
  const timer = start();
  await settle();
  assert.deepEqual(history.read().peers, []);
  await pass(3);
  const { firstMs, stepMs, ...series } = history.read();
  assert.deepEqual([firstMs, stepMs], [START_MS + MINUTE_MS, MINUTE_MS]);
  assert.deepEqual(series, {
    uploadSpeed: [1_000, 1_000, 1_000],
    downloadSpeed: [100, 100, 100],
    packetsIn: [7, 7, 7],
    packetsOut: [8, 8, 8],
    announced: [3, 3, 3],
    announcedWell: [2, 2, 2],
    peers: [1, 2, 3],
    roundTripMs: [12.5, 12.5, 12.5],
    residentBytes: [123_456_789, 123_456_789, 123_456_789],
  });
  timer.cancel();
});

Deno.test("a day is kept, in less than 100 kB", async () => {
  const { history, start, pass } = world();
  const timer = start();
  await settle();
  await pass(1_500);
  const { firstMs, ...series } = history.read();
  assert.equal(firstMs, START_MS + 61 * MINUTE_MS);
  assert.deepEqual([series.peers.length, series.peers[0], series.peers.at(-1)], [1_440, 61, 1_500]);
  assert.equal(history.byteLength, 1_440 * (3 * 8 + 6 * 4));
  assert.ok(history.byteLength <= 100_000);
  timer.cancel();
});

Deno.test("a suspended machine leaves a gap, and no counts of it", async () => {
  const { clock, history, counts, start, pass } = world();
  const timer = start();
  await settle();
  await pass(2);
  // The machine sleeps for ten minutes; bytes that came at the end of them belong to no minute.
  clock.jump(10 * MINUTE_MS);
  counts.minutes += 10;
  await pass(2);
  const { peers, uploadSpeed, packetsIn } = history.read();
  const gap = Array(10).fill(null);
  assert.deepEqual(peers, [1, 2, ...gap, 13, 14]);
  assert.deepEqual(uploadSpeed, [1_000, 1_000, ...gap, null, 1_000]);
  assert.deepEqual(packetsIn, [7, 7, ...gap, null, 7]);
  timer.cancel();
});

Deno.test("a clock set back removes the minutes that have not come yet, and a clock set far ahead all", async () => {
  const { clock, history, start, pass } = world();
  const timer = start();
  await settle();
  await pass(10);
  clock.jump(-5 * MINUTE_MS);
  await pass(1);
  const back = history.read();
  assert.equal(back.firstMs, START_MS + MINUTE_MS);
  assert.deepEqual(back.peers, [1, 2, 3, 4, 5, 11]);
  assert.deepEqual(back.uploadSpeed, [1_000, 1_000, 1_000, 1_000, 1_000, null]);
  clock.jump(-60 * MINUTE_MS);
  await pass(1);
  assert.deepEqual(history.read().peers, [12]);
  assert.equal(history.read().firstMs, START_MS - 53 * MINUTE_MS);
  clock.jump(3 * 86_400_000);
  await pass(2);
  const ahead = history.read();
  assert.equal(ahead.peers.length, 1_440);
  assert.deepEqual(ahead.peers.filter((one) => one !== null), [13, 14]);
  assert.deepEqual(ahead.uploadSpeed.filter((one) => one !== null), [1_000]);
  timer.cancel();
});

Deno.test("counters that start again, and a measurement that fails, leave gaps", async () => {
  const { clock, history, counts, measure, pass } = world();
  let fails = false;
  const timer = history.start(() => fails ? Promise.reject(new Error("dead")) : measure());
  await settle();
  await pass(2);
  fails = true;
  await pass(1);
  fails = false;
  await pass(2);
  const { peers, uploadSpeed } = history.read();
  assert.deepEqual(peers, [1, 2, null, 4, 5]);
  assert.deepEqual(uploadSpeed, [1_000, 1_000, null, null, 1_000]);
  timer.cancel();
  assert.equal(clock.timers, 0);
  // A host that is started anew counts from 0: the first measurement only begins the counting.
  counts.minutes = 0;
  const again = history.start(measure);
  await settle();
  await pass(1);
  assert.deepEqual(history.read().peers, [1, 2, null, 4, 5, 1]);
  assert.deepEqual(history.read().uploadSpeed.at(-1), 1_000);
  counts.minutes = -1;
  await pass(1);
  assert.deepEqual(history.read().uploadSpeed.at(-1), null);
  again.cancel();
  assert.equal(clock.timers, 0);
});

Deno.test("a start within a minute has the announcements of its rest, and means from the next on", async () => {
  const { clock, history, counts, start } = world(START_MS + 20_000);
  const timer = start();
  await settle();
  counts.minutes++;
  await clock.advance(40_000);
  assert.deepEqual(history.read().peers, [1]);
  assert.deepEqual(history.read().uploadSpeed, [null]);
  assert.deepEqual(history.read().packetsIn, [null]);
  const { announced: [first], announcedWell: [stored] } = history.read();
  assert(first! > 0 && stored! > 0, `${first} ${stored}`);
  counts.minutes++;
  await clock.advance(MINUTE_MS);
  assert.deepEqual(history.read().uploadSpeed, [null, 1_000]);
  timer.cancel();
});

Deno.test("a timer that fires a millisecond early does not measure a minute twice", async () => {
  const clock = new FakeClock(START_MS);
  const history = new History({
    now: () => clock.now(),
    after: (delayMs, fire) => clock.after(delayMs - 1, fire),
  });
  let measured = 0;
  const timer = history.start(() => {
    measured++;
    return world().measure();
  });
  await settle();
  await clock.advance(5 * MINUTE_MS);
  assert.equal(measured, 6);
  assert.equal(history.read().peers.length, 5);
  timer.cancel();
});
