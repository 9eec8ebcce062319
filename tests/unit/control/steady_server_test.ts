/**
 * A server that fails is followed by another.
 *
 * @module
 */

import assert from "node:assert/strict";
import { SteadyServer } from "../../../src/control/steady_server.ts";
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

Deno.test("when a server fails another one serves, as soon as that can be; then it stops", async () => {
  const clock = new FakeClock();
  let full = 0;
  const serve = () => {
    if (full-- > 0) throw new Error("Too many open files");
    return new FakeServer();
  };
  const steady = await SteadyServer.start(serve, clock, fail);
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

Deno.test("what may not be served again is told", async () => {
  const clock = new FakeClock();
  let count = 0;
  const told: Error[] = [];
  const steady = await SteadyServer.start(
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

Deno.test("it can be stopped while there is no server", async () => {
  const clock = new FakeClock();
  let count = 0;
  const steady = await SteadyServer.start(
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

Deno.test("what fails the first time is told", async () => {
  const clock = new FakeClock();
  const refuse = () => Promise.reject(new Error("taken"));
  await assert.rejects(SteadyServer.start<FakeServer>(refuse, clock, fail), /taken/);
});
