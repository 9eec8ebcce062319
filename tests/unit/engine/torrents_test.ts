/** Tests that a peer is unchoked whose interest comes together with its handshake. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Torrent, Wire } from "../../../src/engine/libraries/mod.ts";
import { answerEarlyInterest } from "../../../src/engine/torrents.ts";

/** A torrent and a connection, of which the calls are recorded. */
function meet(ready: boolean) {
  const calls: string[] = [];
  const torrent = Object.assign(new EventEmitter(), { ready, destroyed: false });
  const wire = Object.assign(new EventEmitter(), {
    amChoking: true,
    destroyed: false,
    unchoke() {
      calls.push("unchoke");
      wire.amChoking = false;
    },
  });
  answerEarlyInterest(torrent as unknown as Torrent, wire as unknown as Wire);
  // npm:webtorrent sends its pieces in a microtask after the event `wire`.
  queueMicrotask(() => calls.push("pieces"));
  return { calls, torrent, wire };
}

Deno.test("interest in the same bytes as the handshake is answered after our pieces", async () => {
  const { calls, wire } = meet(true);
  wire.emit("interested");
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(calls, ["pieces", "unchoke"]);
});

Deno.test("interest before we have the metadata is answered when we have them", async () => {
  const { calls, torrent, wire } = meet(false);
  wire.emit("interested");
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(calls, ["pieces"]);
  torrent.emit("ready");
  await Promise.resolve();
  assert.deepEqual(calls, ["pieces", "unchoke"]);
});

Deno.test("a peer that is unchoked already, or gone, is left alone", async () => {
  for (const state of [{ amChoking: false }, { destroyed: true }]) {
    const { calls, wire } = meet(true);
    Object.assign(wire, state);
    wire.emit("interested");
    await Promise.resolve();
    await Promise.resolve();
    assert.deepEqual(calls, ["pieces"]);
  }
});
