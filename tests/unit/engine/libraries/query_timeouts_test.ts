import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { KrpcSocket } from "../../../../src/engine/libraries/krpc_types.ts";
import { QueryTimeouts } from "../../../../src/engine/libraries/query_timeouts.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A socket whose queries have the transaction ids that it is told; what was ended is in `ended`. */
function watched(clock = new FakeClock()) {
  const waiting = new Map<number, true>();
  const ended: { id: number; code?: string; atMs: number }[] = [];
  const beganMs = clock.now();
  const socket = Object.assign(new EventEmitter(), {
    nextId: 1,
    query() {
      waiting.set(this.nextId, true);
      return this.nextId++;
    },
    send() {},
    cancel(id: number, error?: Error & { code?: string }) {
      if (!waiting.delete(id)) return;
      ended.push({ id, code: error?.code, atMs: clock.now() - beganMs });
    },
  });
  Object.defineProperty(socket, "inflight", { get: () => waiting.size });
  const timeouts = new QueryTimeouts(clock, 2_000);
  timeouts.watch(socket as unknown as KrpcSocket);
  const ask = () =>
    (socket as unknown as KrpcSocket).query({ host: "", port: 1 }, {} as never, () => {});
  return { clock, socket, timeouts, ask, ended, answer: (id: number) => waiting.delete(id) };
}

Deno.test("a query that nobody answers ends as timed out, after two seconds and not much later", async () => {
  const { clock, ask, ended } = watched();
  ask();
  await clock.advance(1_990);
  assert.deepEqual(ended, []);
  await clock.advance(300);
  assert.deepEqual(ended, [{ id: 1, code: "ETIMEDOUT", atMs: 2_050 }]);
  assert.equal(clock.timers, 0);
});

Deno.test("each has its own two seconds; those that were asked together end together", async () => {
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

Deno.test("what was answered is left alone, and no timer runs on for it", async () => {
  const { clock, ask, ended, answer } = watched();
  ask();
  answer(1);
  await clock.advance(2_250);
  assert.deepEqual(ended, []);
  assert.equal(clock.timers, 0);
});

Deno.test("an id that is used again has its time from then on", async () => {
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

Deno.test("once stopped it leaves no timer", () => {
  const { clock, ask, timeouts } = watched();
  ask();
  timeouts.stop();
  ask();
  assert.equal(clock.timers, 0);
});
