import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Liveness } from "../../../../src/engine/dht/liveness.ts";
import type { Krpc, KrpcError } from "../../../../src/engine/libraries/krpc/krpc_types.ts";

/**
 * Makes a watched DHT node whose queries end as the test decides; `changes` records the calls of
 * `onChange`.
 */
function watched() {
  const nodes = Object.assign(new EventEmitter(), { size: 1, count: () => nodes.size });
  const changes: boolean[] = [];
  const liveness = new Liveness((silent) => changes.push(silent));
  liveness.watch(nodes as unknown as Krpc["nodes"]);
  const ask = (error: unknown = null, times = 1) => {
    for (let i = 0; i < times; i++) liveness.count(error as KrpcError | null);
  };
  return { liveness, nodes, changes, ask };
}

const timedOut = Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
const cancelled = new Error("given up");
const refused = Object.assign(new Error("no"), { code: 203 });
const another = Object.assign(new Error("who?"), { code: "EUNEXPECTEDNODE" });

Deno.test("the DHT is silent until the first response", () => {
  const { liveness, changes, ask } = watched();
  assert.ok(liveness.isSilent);
  ask(timedOut);
  assert.ok(liveness.isSilent);
  ask();
  assert.ok(!liveness.isSilent);
  ask();
  assert.deepEqual(changes, [false]);
});

Deno.test("an error reply and a reply under another id are responses", () => {
  for (const error of [refused, another]) {
    const { changes, ask } = watched();
    ask(error);
    assert.deepEqual(changes, [false]);
  }
});

Deno.test("64 consecutive timeouts make the DHT silent; 63, or a response in between, do not", () => {
  const { liveness, changes, ask } = watched();
  ask();
  ask(timedOut, 63);
  assert.ok(!liveness.isSilent);
  ask();
  ask(cancelled, 63);
  assert.ok(!liveness.isSilent);
  ask(timedOut);
  assert.deepEqual(changes, [false, true]);
  ask(timedOut, 100);
  ask();
  assert.deepEqual(changes, [false, true, false]);
});

Deno.test("an empty routing table makes the DHT silent", () => {
  const { nodes, changes, ask } = watched();
  ask();
  nodes.emit("removed", {});
  assert.deepEqual(changes, [false]);
  nodes.size = 0;
  nodes.emit("removed", {});
  assert.deepEqual(changes, [false, true]);
});

Deno.test("reset makes the DHT silent without calling onChange", () => {
  const { liveness, changes, ask } = watched();
  ask();
  ask(timedOut, 60);
  liveness.reset();
  assert.ok(liveness.isSilent);
  ask();
  ask(timedOut, 10);
  assert.deepEqual(changes, [false, false]);
});
