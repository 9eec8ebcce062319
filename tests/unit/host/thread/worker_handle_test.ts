/**
 * When the engine's thread dies, no caller waits for it forever.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Clock, LibreseedError, systemClock } from "../../../../src/base/mod.ts";
import { WorkerHandle } from "../../../../src/host/thread/worker_handle.ts";
import type { connectWorker, WorkerListeners } from "../../../../src/worker/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const died = new LibreseedError("failed", "WORKER_DIED", "The engine's thread died");
const never = () => new Promise<never>(() => {});

/**
 * Starts a fake worker that answers no calls after its start. With `starts: false` it does not even
 * start.
 */
function startSilent({ starts = true, clock = systemClock, answers }: {
  starts?: boolean;
  clock?: Clock;
  /**
   * Decides by the name of a call whether the worker answers the call. Any answer is a sign of
   * life.
   */
  answers?: (name: string) => boolean;
} = {}) {
  const failures: Error[] = [];
  let terminated = 0;
  let listeners: WorkerListeners | undefined;
  const api = new Proxy({}, {
    get(_, name) {
      if (name === "start" && starts) {
        return () => Promise.resolve({ port: 1, dht: { state: "on" } });
      }
      return answers?.(String(name)) ? () => Promise.resolve() : never;
    },
  });
  const connect: typeof connectWorker = (_sandbox, heard) => {
    listeners = heard;
    return { api: api as never, terminate: () => void terminated++ };
  };
  const worker = WorkerHandle.open(
    {} as never,
    {} as never,
    {
      onDht() {},
      onPortMapping() {},
      onPinhole() {},
      onReachability() {},
      onBinding() {},
      onAnnounced() {},
      onUnreadable() {},
      onLog() {},
      onFailure: (error) => failures.push(error),
    },
    clock,
    connect,
  );
  return {
    starting: worker.begin({} as never).then(() => ({ worker })),
    failures,
    terminated: () => terminated,
    die: () => listeners!.onFailure(died),
    tell: () => listeners!.onEvent({ event: "dht", state: { state: "on" } } as never),
  };
}

Deno.test("the death of the thread fails running and later calls", async () => {
  const { starting, failures, die } = startSilent();
  const { worker } = await starting;
  const key = { publicKey: new Uint8Array(32), salt: new Uint8Array() };
  const waiting = [
    worker.status(),
    worker.get(key),
    worker.seed([]),
    worker.download({ infoHashHex: "00", filePath: "/nowhere", maxBytes: 1, peers: [] }),
    worker.announceNow(["00"], true, () => {}),
    worker.knownNodes(),
  ].map((promise) => assert.rejects(promise, died));
  die();
  await Promise.all(waiting);
  assert.deepEqual(failures, [died]);
  await assert.rejects(worker.status(), died);
  await assert.rejects(worker.get(key), died);
});

Deno.test("a thread that dies at its start fails begin and is terminated", async () => {
  const { starting, terminated, die } = startSilent({ starts: false });
  die();
  await assert.rejects(starting, died);
  assert.equal(terminated(), 1);
});

Deno.test("stop returns at once when the thread has died", async () => {
  // A clock on which no timer ever fires.
  const clock: Clock = { now: () => 0, after: () => ({ cancel() {} }) };
  const { starting, terminated, die } = startSilent({ clock });
  const { worker } = await starting;
  die();
  await worker.stop(1_000);
  assert.equal(terminated(), 1);
});

Deno.test("a call that was cancelled before the thread died rejects with the cancellation", async () => {
  const { starting, die } = startSilent();
  const { worker } = await starting;
  await assert.rejects(
    worker.findPeers("00", AbortSignal.abort(new Error("cancelled"))),
    /cancelled/,
  );
  die();
});

Deno.test("a thread that stops answering pings counts as dead after two minutes", async () => {
  const clock = new FakeClock();
  let lives = true;
  const { starting, failures, terminated } = startSilent({
    clock,
    answers: (name) => name === "ping" && lives,
  });
  const { worker } = await starting;
  await clock.advance(3_600_000);
  // The thread does not answer for 100 s because it is busy, then the machine sleeps for an hour.
  // The thread answers again after that, so it does not count as dead.
  lives = false;
  await clock.advance(100_000);
  clock.jump(3_600_000);
  lives = true;
  await clock.advance(3_600_000);
  assert.deepEqual(failures, []);
  lives = false;
  const waiting = assert.rejects(worker.status(), { code: "WORKER_DIED" });
  await clock.advance(150_000);
  await waiting;
  assert.match(String(failures), /has not answered for 120 s; start libreseed again$/);
  assert.equal(failures.length, 1);
  await worker.stop(1_000);
  assert.equal(terminated(), 1);
  await clock.advance(2_000);
  assert.equal(clock.timers, 0);
});

Deno.test("a thread too busy for pings stays alive while it answers other calls", async () => {
  const clock = new FakeClock();
  const { starting, failures, tell } = startSilent({
    clock,
    answers: (name) => name === "torrents",
  });
  const { worker } = await starting;
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(60_000);
    await worker.torrents();
  }
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(60_000);
    tell();
  }
  assert.deepEqual(failures, []);
  await clock.advance(150_000);
  assert.match(String(failures), /has not answered for 120 s/);
});

Deno.test("intervals in which the command's thread did not run do not count as missed pings", async () => {
  const clock = new FakeClock();
  const { starting, failures } = startSilent({ clock });
  await starting;
  // Each timer fires 20 s late, as on an overloaded machine.
  for (let tick = 0; tick < 20; tick++) {
    clock.jump(20_000);
    await clock.advance(30_000);
  }
  assert.deepEqual(failures, []);
  await clock.advance(150_000);
  assert.match(String(failures), /has not answered for 120 s/);
});

Deno.test("a thread that never reports its start does not block begin for ever", async () => {
  const clock = new FakeClock();
  const { starting, terminated } = startSilent({ clock, starts: false });
  await clock.until(assert.rejects(starting, { code: "WORKER_DIED" }));
  assert.deepEqual([terminated(), clock.timers], [1, 0]);
});
