import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import npmBencode from "bencode";
import { utf8 } from "../../../../../src/base/mod.ts";
import { QuerySocket } from "../../../../../src/engine/libraries/krpc/krpc_socket.ts";
import { bencode } from "../../../../../src/bencode/mod.ts";
import { FakeClock } from "../../../../support/fake_clock.ts";

const peer = { host: "127.0.0.1", port: 7_000 };
const ping = { q: "ping", a: { id: Buffer.alloc(20) } };

/**
 * Makes a KRPC socket over a fake UDP socket that records the sent packets and the outcomes of the
 * queries.
 */
function socket({ readOnly = false } = {}) {
  const clock = new FakeClock();
  const sent: Record<string, unknown>[] = [];
  const udp = Object.assign(new EventEmitter(), {
    send: (bytes: Uint8Array) =>
      void sent.push(npmBencode.decode(bytes) as Record<string, unknown>),
    close: () => udp.emit("close"),
  });
  const outcomes: (string | number | undefined)[] = [];
  const krpc = new QuerySocket({
    clock,
    udp,
    encode: (message) => Buffer.from(bencode(message as never)),
    timeoutMs: 2_000,
    readOnly,
    onOutcome: (error) => outcomes.push(error === null ? "answered" : error.code),
  });
  const ended: unknown[] = [];
  const ask = () => krpc.query(peer, ping, (error) => ended.push(error?.code ?? "answered"));
  const answer = (id: number, from = peer) => {
    const t = Uint8Array.of(id >> 8, id & 255);
    const bytes = bencode({ t, y: utf8("r"), r: { id: new Uint8Array(20) } });
    udp.emit("message", Buffer.from(bytes), { address: from.host, port: from.port });
  };
  return { clock, krpc, sent, outcomes, ended, ask, answer };
}

Deno.test("a query is answered once, and its outcome is told to the caller and to the observer", () => {
  const { krpc, outcomes, ended, ask, answer, sent } = socket();
  const id = ask();
  assert.equal(sent.length, 1);
  assert.ok(krpc.transactions.isAsked(peer.host));
  answer(id);
  answer(id);
  assert.deepEqual(ended, ["answered"]);
  assert.deepEqual(outcomes, ["answered"]);
  krpc.destroy();
});

Deno.test("transaction ids are random and differ", () => {
  const { krpc, ask } = socket();
  const ids = Array.from({ length: 200 }, ask);
  assert.equal(new Set(ids).size, 200);
  assert.notDeepEqual(ids, ids.toSorted((a, b) => a - b));
  assert.ok(ids.every((id) => id > 0 && id < 65_535));
  krpc.destroy();
});

Deno.test("an unanswered query times out after two seconds, and one that was answered does not", async () => {
  const { clock, krpc, outcomes, ended, ask, answer } = socket();
  const [first] = [ask(), ask()];
  answer(first);
  await clock.advance(1_900);
  assert.deepEqual(ended, ["answered"]);
  await clock.advance(200);
  assert.deepEqual(ended, ["answered", "ETIMEDOUT"]);
  assert.deepEqual(outcomes, ended);
  assert.equal(clock.timers, 0);
  krpc.destroy();
});

Deno.test("a read-only node marks its queries and nothing else", () => {
  const { krpc, sent, ask } = socket({ readOnly: true });
  ask();
  krpc.send(peer, { t: utf8("aa"), y: "r", r: {} });
  assert.deepEqual(sent.map(({ ro }) => ro), [1, undefined]);
  krpc.destroy();
});
