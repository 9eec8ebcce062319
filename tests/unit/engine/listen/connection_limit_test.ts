/**
 * Incoming connections that are accepted, refused or dropped by the connection limit.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { ConnectionLimit } from "../../../../src/engine/listen/connection_limit.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

class FakeConnection extends EventEmitter {
  bytesRead = 0;
  bytesWritten = 0;
  isOpen = true;

  constructor(readonly remoteAddress = "127.0.0.1") {
    super();
  }

  destroy(): void {
    this.isOpen = false;
    this.emit("close");
  }
}

function filled(most: number) {
  const clock = new FakeClock();
  const limit = new ConnectionLimit(most, clock);
  const connections = Array.from({ length: most }, () => new FakeConnection());
  for (const one of connections) assert.ok(limit.take(one));
  return { clock, limit, connections };
}

Deno.test("connections beyond the limit are refused", () => {
  const { limit, connections } = filled(10);
  const late = new FakeConnection();
  assert.equal(limit.take(late), false);
  assert.equal(late.isOpen, false);
  assert.equal(limit.count, 10);
  connections[3]!.destroy();
  assert.equal(limit.count, 9);
  assert.ok(limit.take(new FakeConnection()));
});

Deno.test("idle connections are dropped for new ones, oldest first; active ones stay", async () => {
  const { clock, limit, connections } = filled(12);
  await clock.advance(6_000);
  for (const one of connections.slice(0, 4)) one.bytesRead = 1;
  const late = new FakeConnection();
  assert.ok(limit.take(late));
  assert.ok(late.isOpen);
  const open = connections.map(({ isOpen }) => isOpen);
  assert.deepEqual(open.slice(0, 4), [true, true, true, true]);
  assert.deepEqual(open.slice(4), [false, false, false, true, true, true, true, true]);
  assert.equal(limit.count, 10);
});

Deno.test("one address gets at most a quarter of the limit", () => {
  const limit = new ConnectionLimit(8, new FakeClock());
  const taken = Array.from({ length: 8 }, () => limit.take(new FakeConnection("203.0.113.1")));
  assert.equal(taken.filter(Boolean).length, 2);
  assert.ok(limit.take(new FakeConnection("203.0.113.2")));
});

Deno.test("a closed connection no longer counts, for its address either", () => {
  const limit = new ConnectionLimit(8, new FakeClock());
  for (let i = 0; i < 20; i++) {
    const one = new FakeConnection("203.0.113.1");
    assert.ok(limit.take(one));
    one.destroy();
  }
  assert.equal(limit.count, 0);
});
