/** Tests the window that a receiver offers. */

import assert from "node:assert/strict";
import { Incoming } from "../../../src/utp/incoming.ts";
import { ByteBudget, RECEIVE_WINDOW_BYTES } from "../../../src/utp/limits.ts";

const PACKET_BYTES = 1_452;

function makeIncoming(onBytes: (bytes: Uint8Array) => boolean = () => true): Incoming {
  return new Incoming(0, { onBytes, onEnd() {} }, new ByteBudget(64 * 2 ** 20));
}

/** Takes packets from a sequence number on; returns the next one. */
function take(incoming: Incoming, from: number, bytes: number): number {
  let seq = from;
  for (; (seq - from) * PACKET_BYTES < bytes; seq++) {
    incoming.take(seq, new Uint8Array(PACKET_BYTES), false);
  }
  return seq;
}

Deno.test("packets that came early leave the window open until they are as much as a window", () => {
  const incoming = makeIncoming();
  const next = take(incoming, 2, RECEIVE_WINDOW_BYTES / 2);
  assert.ok(incoming.hasGap);
  assert.equal(incoming.windowBytes, RECEIVE_WINDOW_BYTES);
  take(incoming, next, RECEIVE_WINDOW_BYTES / 2 + 2 ** 18);
  assert.ok(incoming.windowBytes < RECEIVE_WINDOW_BYTES);
  incoming.take(1, new Uint8Array(PACKET_BYTES), false);
  assert.ok(!incoming.hasGap);
  assert.equal(incoming.windowBytes, RECEIVE_WINDOW_BYTES);
});

Deno.test("bytes that wait for the reader close the window, and reading opens it", () => {
  const incoming = makeIncoming();
  incoming.pause();
  take(incoming, 1, RECEIVE_WINDOW_BYTES);
  assert.equal(incoming.windowBytes, 0);
  incoming.resume();
  assert.equal(incoming.windowBytes, RECEIVE_WINDOW_BYTES);
});

Deno.test("no more than two windows are kept, whatever the peer sends", () => {
  const incoming = makeIncoming();
  take(incoming, 2, 3 * RECEIVE_WINDOW_BYTES);
  assert.ok(incoming.windowBytes < PACKET_BYTES);
  assert.equal(incoming.take(4_000, new Uint8Array(PACKET_BYTES), false), "dropped");
});
