/**
 * The watchdog detects a listener that has stopped accepting connections.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { watchListener } from "../../../../src/engine/listen/listener_watchdog.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

class FakeListener extends EventEmitter {
  readonly done: string[] = [];

  close(): void {
    this.done.push("close");
  }

  listen(port: number): void {
    this.done.push(`listen ${port}`);
  }
}

/**
 * Simulates an incoming connection, and half a minute later the watchdog's test connection, which
 * the listener accepts or not.
 */
async function watched(dialled: (listener: FakeListener) => boolean) {
  const clock = new FakeClock();
  const listener = new FakeListener();
  const watch = watchListener(listener, () => 6881, clock, (port) => {
    listener.done.push(`dial ${port}`);
    return Promise.resolve(dialled(listener) ? () => listener.done.push("hang up") : undefined);
  });
  assert.equal(clock.timers, 0);
  listener.emit("connection", {});
  listener.emit("connection", {});
  assert.equal(clock.timers, 1);
  await clock.advance(40_000);
  return { listener, clock, watch };
}

Deno.test("a listener that accepts is left alone, and no timer is left", async () => {
  const { listener, clock } = await watched((listener) => {
    listener.emit("connection", {});
    return true;
  });
  assert.deepEqual(listener.done, ["dial 6881", "hang up"]);
  assert.equal(clock.timers, 0);
});

Deno.test("a listener that does not accept is restarted and tested again", async () => {
  const { listener, clock, watch } = await watched(() => true);
  assert.deepEqual(listener.done, ["dial 6881", "hang up", "close", "listen 6881"]);
  assert.equal(clock.timers, 1);
  watch.cancel();
  assert.equal(clock.timers, 0);
});

Deno.test("the test is repeated later when the port cannot be dialled", async () => {
  const { listener, clock, watch } = await watched(() => false);
  assert.deepEqual(listener.done, ["dial 6881"]);
  await clock.advance(30_000);
  assert.deepEqual(listener.done, ["dial 6881", "dial 6881"]);
  watch.cancel();
});

Deno.test("nothing is dialled while no connection arrives", async () => {
  const clock = new FakeClock();
  watchListener(new FakeListener(), () => 6881, clock, () => {
    throw new Error("dialled");
  });
  await clock.advance(3_600_000);
  assert.equal(clock.timers, 0);
});
