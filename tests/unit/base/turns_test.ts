import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { inTurns, slices } from "../../../src/base/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

/** Keeps the thread busy for a part of a long computation. */
function work(): void {
  for (const endMs = performance.now() + 5; performance.now() < endMs;);
}

Deno.test("a long computation in parts keeps no socket waiting for more than a few parts", async () => {
  const home = await temporaryHome();
  const server = createServer((socket) => socket.pipe(socket));
  const path = join(home.path, "s");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const socket = connect(path);
  await once(socket, "connect");
  let answers = 0;
  socket.on("data", () => answers++);
  // The chance that Deno happens to look at the socket in time is 1 in 2 for each answer.
  for (let asked = 1; asked <= 8; asked++) {
    socket.write("?");
    let parts = 0;
    await inTurns((function* () {
      for (; answers < asked && parts < 60; parts++) {
        work();
        yield;
      }
    })());
    assert.ok(parts < 30, `an answer took ${parts} parts`);
  }
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await home.remove();
});

Deno.test("slices are read when they are needed, and the last one may be shorter", () => {
  const read: number[] = [];
  function* numbers() {
    for (let i = 0; i < 5; i++) {
      read.push(i);
      yield i;
    }
  }
  const made = slices(numbers(), 2);
  assert.deepEqual(made.next().value, [0, 1]);
  assert.deepEqual(read, [0, 1]);
  assert.deepEqual([...made], [[2, 3], [4]]);
  assert.deepEqual([...slices([], 2)], []);
});
