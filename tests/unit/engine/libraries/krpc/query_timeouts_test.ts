import assert from "node:assert/strict";
import { QueryTimeouts } from "../../../../../src/engine/libraries/krpc/query_timeouts.ts";
import { FakeClock } from "../../../../support/fake_clock.ts";

/**
 * Makes a socket whose queries have the transaction ids that the test chooses. Cancelled queries
 * are recorded in `ended`.
 */
function watched(clock = new FakeClock()) {
  const waiting = new Map<number, true>();
  const ended: { id: number; code?: string; atMs: number }[] = [];
  const beganMs = clock.now();
  const socket = {
    nextId: 1,
    underWay: () => waiting.size,
    cancel(id: number, error?: Error & { code?: string }) {
      if (!waiting.delete(id)) return;
      ended.push({ id, code: error?.code, atMs: clock.now() - beganMs });
    },
  };
  const timeouts = new QueryTimeouts(clock, 2_000, socket);
  const ask = () => {
    waiting.set(socket.nextId, true);
    timeouts.begin(socket.nextId++);
  };
  return { clock, socket, timeouts, ask, ended, answer: (id: number) => waiting.delete(id) };
}

Deno.test("an unanswered query times out after two seconds, and not much later", async () => {
  const { clock, ask, ended } = watched();
  ask();
  await clock.advance(1_990);
  assert.deepEqual(ended, []);
  await clock.advance(300);
  assert.deepEqual(ended, [{ id: 1, code: "ETIMEDOUT", atMs: 2_050 }]);
  assert.equal(clock.timers, 0);
});

Deno.test("each query has its own two seconds, and queries sent together time out together", async () => {
  const { clock, ask, ended } = watched();
  ask();
  await clock.advance(40);
  ask();
  await clock.advance(960);
  ask();
  await clock.advance(10_000);
  assert.deepEqual(ended.map(({ id, atMs }) => [id, atMs]), [[1, 2_050], [2, 2_050], [3, 3_050]]);
  assert.equal(clock.timers, 0);
});

Deno.test("an answered query is left alone, and no timer runs on for it", async () => {
  const { clock, ask, ended, answer } = watched();
  ask();
  answer(1);
  await clock.advance(2_250);
  assert.deepEqual(ended, []);
  assert.equal(clock.timers, 0);
});

Deno.test("a transaction id that is reused has two seconds from then on", async () => {
  const { clock, socket, ask, ended, answer } = watched();
  ask();
  answer(1);
  await clock.advance(1_500);
  socket.nextId = 1;
  ask();
  await clock.advance(1_900);
  assert.deepEqual(ended, []);
  await clock.advance(500);
  assert.deepEqual(ended.map(({ id }) => id), [1]);
});

Deno.test("a clock that is set back keeps no query waiting for longer", async () => {
  const { clock, ask, ended } = watched();
  ask();
  clock.jump(-3_600_000);
  await clock.advance(2_250);
  assert.deepEqual(ended.map(({ id }) => id), [1]);
});

Deno.test("stop leaves no timer", () => {
  const { clock, ask, timeouts } = watched();
  ask();
  timeouts.stop();
  ask();
  assert.equal(clock.timers, 0);
});
