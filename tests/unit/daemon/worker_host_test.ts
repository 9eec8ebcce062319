/**
 * The engine's thread dies: nobody waits for it for ever.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Clock, LibreseedError, systemClock } from "../../../src/base/mod.ts";
import { WorkerHost } from "../../../src/daemon/worker_host.ts";
import type { connectWorker, WorkerListeners } from "../../../src/worker/mod.ts";

const died = new LibreseedError("failed", "WORKER_DIED", "The engine's thread died");
const never = () => new Promise<never>(() => {});

/** A worker that starts, unless told otherwise, and from then on answers nothing. */
function startSilent({ starts = true, clock = systemClock } = {}) {
  const failures: Error[] = [];
  let terminated = 0;
  let listeners: WorkerListeners | undefined;
  const api = new Proxy({}, {
    get: (_, name) =>
      name === "start" && starts ? () => Promise.resolve({ port: 1, dht: { state: "on" } }) : never,
  });
  const connect: typeof connectWorker = (_sandbox, heard) => {
    listeners = heard;
    return { api: api as never, terminate: () => void terminated++ };
  };
  const starting = WorkerHost.start(
    {} as never,
    {} as never,
    { onDht() {}, onAnnounced() {}, onUnreadable() {}, onFailure: (error) => failures.push(error) },
    clock,
    connect,
  );
  return {
    starting,
    failures,
    terminated: () => terminated,
    die: () => listeners!.onFailure(died),
  };
}

Deno.test("a thread that dies fails whatever waits for it, and whatever is asked later", async () => {
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

Deno.test("a thread that dies at its start fails the start, and is ended", async () => {
  const { starting, terminated, die } = startSilent({ starts: false });
  die();
  await assert.rejects(starting, died);
  assert.equal(terminated(), 1);
});

Deno.test("stopping a thread that died waits for nothing", async () => {
  // Its time never comes.
  const clock: Clock = { now: () => 0, after: () => ({ cancel() {} }) };
  const { starting, terminated, die } = startSilent({ clock });
  const { worker } = await starting;
  die();
  await worker.stop(1_000);
  assert.equal(terminated(), 1);
});

Deno.test("what was cancelled before the thread died has its own reason", async () => {
  const { starting, die } = startSilent();
  const { worker } = await starting;
  await assert.rejects(
    worker.findPeers("00", AbortSignal.abort(new Error("cancelled"))),
    /cancelled/,
  );
  die();
});
