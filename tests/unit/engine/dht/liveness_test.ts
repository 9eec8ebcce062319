import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Liveness } from "../../../../src/engine/dht/liveness.ts";
import type { Krpc, KrpcError } from "../../../../src/engine/libraries/krpc_types.ts";

type Done = (error: KrpcError | null, message: null) => void;

/** Queries end as the test says; `changes` has what was told. */
function watched() {
  const nodes = Object.assign(new EventEmitter(), { size: 1, count: () => nodes.size });
  const socket = { query: (_peer: unknown, _query: unknown, done: Done) => waiting.push(done) };
  const waiting: Done[] = [];
  const changes: boolean[] = [];
  const ended: unknown[] = [];
  const liveness = new Liveness((silent) => changes.push(silent));
  liveness.watch({ socket, nodes } as unknown as Krpc);
  const ask = (error: unknown = null, times = 1) => {
    for (let i = 0; i < times; i++) {
      socket.query({}, {}, (error) => ended.push(error));
      waiting.pop()!(error as KrpcError, null);
    }
  };
  return { liveness, nodes, changes, ended, ask };
}

const timedOut = Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
const cancelled = new Error("given up");
const refused = Object.assign(new Error("no"), { code: 203 });
const another = Object.assign(new Error("who?"), { code: "EUNEXPECTEDNODE" });

Deno.test("all are silent until one answers, and whoever asked hears it all the same", () => {
  const { liveness, changes, ended, ask } = watched();
  assert.ok(liveness.isSilent);
  ask(timedOut);
  assert.ok(liveness.isSilent);
  ask();
  assert.ok(!liveness.isSilent);
  ask();
  assert.deepEqual(changes, [false]);
  assert.deepEqual(ended, [timedOut, null, null]);
});

Deno.test("an error is an answer, and so is another id than was thought", () => {
  for (const error of [refused, another]) {
    const { changes, ask } = watched();
    ask(error);
    assert.deepEqual(changes, [false]);
  }
});

Deno.test("sixty-four queries in a row without an answer are liveness; one fewer, or one answer in between, is not", () => {
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

Deno.test("a table that has run empty is liveness", () => {
  const { nodes, changes, ask } = watched();
  ask();
  nodes.emit("removed", {});
  assert.deepEqual(changes, [false]);
  nodes.size = 0;
  nodes.emit("removed", {});
  assert.deepEqual(changes, [false, true]);
});

Deno.test("on another socket nobody has answered yet, and nobody is told", () => {
  const { liveness, changes, ask } = watched();
  ask();
  ask(timedOut, 60);
  liveness.reset();
  assert.ok(liveness.isSilent);
  ask();
  ask(timedOut, 10);
  assert.deepEqual(changes, [false, false]);
});
