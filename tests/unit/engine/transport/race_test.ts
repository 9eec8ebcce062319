/** Tests the race of two dials, with sockets and a clock that the test controls. */

import assert from "node:assert/strict";
import { RacingSocket } from "../../../../src/engine/transport/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { FakePeerSocket } from "../../../support/fake_peer_socket.ts";

/** A race of TCP and uTP, and its events in order. */
function race() {
  const clock = new FakeClock();
  const sockets: { tcp?: FakePeerSocket; utp?: FakePeerSocket } = {};
  const way = (carrier: "tcp" | "utp") => ({
    carrier,
    dial: () => sockets[carrier] = new FakePeerSocket(),
  });
  const socket = new RacingSocket({
    ...{ clock, first: way("tcp"), second: way("utp"), headStartMs: 250 },
  });
  const events: string[] = [];
  for (const event of ["connect", "error", "close", "drain"]) {
    socket.on(event, () => events.push(event));
  }
  return { clock, sockets, socket, events };
}

Deno.test("the second dial begins after the head start, and not if the first is open", async () => {
  const slow = race();
  await slow.clock.advance(249);
  assert.equal(slow.sockets.utp, undefined);
  await slow.clock.advance(1);
  assert.ok(slow.sockets.utp);
  const quick = race();
  quick.sockets.tcp!.emit("connect");
  await quick.clock.advance(1_000);
  assert.equal(quick.sockets.utp, undefined);
  assert.equal(quick.socket.carrier, "tcp");
  assert.equal(quick.clock.timers, 0);
});

Deno.test("the second dial begins at once when the first fails", () => {
  const { sockets, events, socket } = race();
  sockets.tcp!.emit("error", new Error("refused"));
  sockets.tcp!.destroy();
  sockets.utp!.emit("connect");
  assert.deepEqual(events, ["connect"]);
  assert.equal(socket.carrier, "utp");
});

Deno.test("the loser is closed, and what it does later counts no more", async () => {
  const { clock, sockets, socket, events } = race();
  await clock.advance(250);
  sockets.utp!.emit("connect");
  assert.ok(sockets.tcp!.destroyed);
  sockets.tcp!.emit("connect");
  sockets.tcp!.emit("error", new Error("late"));
  assert.deepEqual(events, ["connect"]);
  socket.write(Uint8Array.of(1));
  assert.equal(sockets.utp!.written.length, 1);
  sockets.utp!.emit("drain");
  sockets.utp!.destroy();
  assert.deepEqual(events, ["connect", "drain", "close"]);
  assert.ok(socket.destroyed);
});

Deno.test("if both fail, the error is that of the first dial", async () => {
  const { sockets, socket, events } = race();
  let message = "";
  socket.on("error", (error: Error) => message = error.message);
  sockets.tcp!.emit("error", new Error("refused"));
  sockets.utp!.emit("error", new Error("no answer"));
  await settle();
  assert.equal(message, "refused");
  assert.deepEqual(events, ["error", "close"]);
});

Deno.test("a race that is given up closes both dials", async () => {
  const { clock, sockets, socket, events } = race();
  await clock.advance(250);
  socket.destroy();
  await settle();
  assert.ok(sockets.tcp!.destroyed && sockets.utp!.destroyed);
  assert.deepEqual(events, ["close"]);
  assert.equal(clock.timers, 0);
});
