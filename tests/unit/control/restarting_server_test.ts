/**
 * A server that fails is replaced by a new server.
 *
 * @module
 */

import assert from "node:assert/strict";
import { RestartingServer } from "../../../src/control/restarting_server.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const fail = (error: Error) => assert.fail(error);

class FakeServer {
  readonly #finished = Promise.withResolvers<void>();
  readonly finished = this.#finished.promise;

  fail(): void {
    this.#finished.reject(new Error("Too many open files"));
  }

  shutdown(): Promise<void> {
    this.#finished.resolve();
    return this.finished;
  }
}

Deno.test("a failed server is restarted as soon as possible, and stops when told to", async () => {
  const clock = new FakeClock();
  let full = 0;
  const serve = () => {
    if (full-- > 0) throw new Error("Too many open files");
    return new FakeServer();
  };
  const steady = await RestartingServer.start(serve, clock, fail);
  const first = steady.current;
  full = 3;
  first.fail();
  await clock.advance(3_500);
  assert.equal(steady.current, first);
  await clock.advance(1_000);
  assert.notEqual(steady.current, first);
  await steady.stop();
  assert.equal(clock.timers, 0);
});

Deno.test("onFailure is called when the process may no longer listen", async () => {
  const clock = new FakeClock();
  let count = 0;
  const told: Error[] = [];
  const steady = await RestartingServer.start(
    () => {
      if (count++ > 0) throw new Deno.errors.NotCapable("net");
      return new FakeServer();
    },
    clock,
    (error) => told.push(error),
  );
  steady.current.fail();
  await clock.advance(5_000);
  assert.deepEqual(told.map(({ message }) => message), ["Too many open files"]);
  assert.equal(count, 2);
  await steady.stop();
});

Deno.test("stop ends the restarts while no server runs", async () => {
  const clock = new FakeClock();
  let count = 0;
  const steady = await RestartingServer.start(
    () => {
      if (count++ > 0) throw new Error("Too many open files");
      return new FakeServer();
    },
    clock,
    fail,
  );
  steady.current.fail();
  await clock.advance(2_500);
  await steady.stop();
  assert.equal(count, 3);
  assert.equal(clock.timers, 0);
});

Deno.test("start rejects when the first server fails", async () => {
  const clock = new FakeClock();
  const refuse = () => Promise.reject(new Error("taken"));
  await assert.rejects(RestartingServer.start<FakeServer>(refuse, clock, fail), /taken/);
});
