import assert from "node:assert/strict";
import type { Clock } from "../../../../src/base/mod.ts";
import { NoProgress } from "../../../../src/engine/download/web_transfer.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

/** A transfer whose bytes the test sends, and of which all is read at once. */
function transfer(clock: Clock) {
  const ended = new AbortController();
  const progress = new NoProgress(clock, ended.signal);
  const { readable, writable } = new TransformStream<Uint8Array>();
  const writer = writable.getWriter();
  const reading = (async () => {
    for await (const _ of progress.watch(readable)) { /* Read at once. */ }
  })();
  return {
    progress,
    ended,
    send: (bytes: number) => writer.write(new Uint8Array(bytes)),
    reading,
    end: async () => {
      await writer.close();
      await reading;
      progress.end();
    },
  };
}

Deno.test("a transfer goes on as long as it sends 16 KiB in 15 s", async () => {
  const clock = new FakeClock();
  const { progress, send, end } = transfer(clock);
  for (let i = 0; i < 10; i++) {
    await send(16 * 1024);
    await clock.advance(15_000);
    assert.equal(progress.signal.aborted, false);
  }
  await end();
});

Deno.test("a transfer that sends less is aborted with the reason", async () => {
  const clock = new FakeClock();
  const { progress, send, end } = transfer(clock);
  await send(16 * 1024 - 1);
  await clock.advance(15_000);
  assert.match(String(progress.signal.reason), /It sent 16383 bytes in 15 s/);
  await end();
});

Deno.test("the time in which the process stood still does not count", async () => {
  // The one timer that is set. A process that stood still fires it once, however long it stood.
  let fire = () => {};
  const clock = {
    now: () => 0,
    after: (_ms: number, due: () => void) => (fire = due, { cancel() {} }),
  };
  const { progress, send, end } = transfer(clock);
  fire();
  assert.equal(progress.signal.aborted, false);
  await send(16 * 1024);
  await settle();
  for (let tick = 1; tick < 29; tick++) fire();
  assert.equal(progress.signal.aborted, false);
  fire();
  assert.equal(progress.signal.aborted, true);
  await end();
});

Deno.test("the time in which we do not read does not count", async () => {
  const clock = new FakeClock();
  const progress = new NoProgress(clock, new AbortController().signal);
  const body = (async function* () {
    yield new Uint8Array(1);
    yield new Uint8Array(1);
  })();
  for await (const _ of progress.watch(body)) {
    // Our own limit or disk holds the reader up.
    await clock.advance(60_000);
    assert.equal(progress.signal.aborted, false);
  }
  progress.end();
});

Deno.test("the end of the download aborts its transfers", async () => {
  const clock = new FakeClock();
  const { progress, ended, end } = transfer(clock);
  ended.abort(new Error("done"));
  assert.equal(progress.signal.aborted, true);
  await end();
});
