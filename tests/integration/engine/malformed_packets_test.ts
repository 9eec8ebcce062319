import assert from "node:assert/strict";
import { concatBytes, toHex, utf8 } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode, type BValue } from "../../../src/bencode/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { randomBytes } from "../../support/torrents.ts";
import { signedItem } from "../../support/signed.ts";

const id = new Uint8Array(20).fill(1);
const oddValues: BValue[] = [
  5,
  -1,
  Number.MAX_SAFE_INTEGER,
  "",
  "x",
  new Uint8Array(1_000),
  [],
  [id],
  {},
  { toString: "x" },
  { length: 20 },
];

/** Queries of every kind, each with one invalid member. */
function* oddQueries(): Generator<Uint8Array> {
  const args: Record<string, BValue> = {
    id,
    target: id,
    info_hash: id,
    token: id,
    port: 1,
    implied_port: 0,
    v: "value",
    k: new Uint8Array(32),
    sig: new Uint8Array(64),
    seq: 1,
    cas: 1,
    salt: "salt",
  };
  const names = ["ping", "find_node", "get_peers", "announce_peer", "get", "put", "unheard_of"];
  for (const q of names) {
    for (const member of Object.keys(args)) {
      for (const value of oddValues) {
        yield bencode({ t: "aa", y: "q", q, a: { ...args, [member]: value } });
      }
      const { [member]: _, ...others } = args;
      yield bencode({ t: "aa", y: "q", q, a: others });
    }
    for (const value of oddValues) {
      yield bencode({ t: value, y: "q", q, a: args });
      yield bencode({ t: "aa", y: value, q, a: args });
      yield bencode({ t: "aa", y: "q", q: value, a: args });
      yield bencode({ t: "aa", y: "q", q, a: value });
    }
  }
}

/**
 * Replies without a preceding query, and packets that are not messages of the DHT protocol (KRPC).
 */
function* oddPackets(): Generator<Uint8Array> {
  for (const value of oddValues) {
    yield bencode(value);
    yield bencode({ t: "aa", y: "r", r: value });
    yield bencode({ t: "aa", y: "r", r: { id: value, nodes: value, values: value, token: value } });
    yield bencode({ t: "aa", y: "e", e: value });
    yield bencode({ t: Uint8Array.of(0, 1), y: "e", e: [value, value] });
  }
  for (const text of ["d-3:", "l-3:e", "d1:ad-3:", "", "d", "i", "i5", "99999:", "d1:y1:q1:t"]) {
    yield utf8(text);
  }
  yield utf8("l".repeat(60_000));
  yield utf8("d1:a".repeat(15_000));
  for (let seed = 0; seed < 200; seed++) yield randomBytes(1 + (seed * 37) % 1_400, seed);
}

async function idOf(raw: RawUdp, { engine }: TestEngine): Promise<string> {
  return toHex((await raw.query(engine.port, "ping", {})).get("id") as Uint8Array);
}

Deno.test("the node keeps answering and querying after thousands of malformed packets", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  let sent = 0;
  for (const packet of [...oddQueries(), ...oddPackets()]) {
    await raw.send(packet, at.engine.port);
    // A ping after every 50 packets waits until the engine has read them, because the socket's
    // buffer is limited.
    if (++sent % 50 === 0) await raw.query(at.engine.port, "ping", {});
  }
  assert.equal(await idOf(raw, at), toHex(at.engine.node()!.id));
  assert.equal(at.engine.dhtState.state, "on");
  assert.ok(at.engine.dhtTraffic!.malformed > 500);
  const item = signedItem(generateKeyPair(), { salt: id, seq: 1, value: bencode("x") });
  assert.equal((await at.manager().put(item)).weak, false);
});

const oddAnswers: [string, (t: Uint8Array, self: Uint8Array) => Uint8Array | undefined][] = [
  ["nothing", () => undefined],
  ["no bencode", () => utf8("x")],
  [
    "bencode that loops npm:bencode",
    (t) => concatBytes(utf8("d1:rd-3:e1:t4:"), t, utf8("1:y1:re")),
  ],
  ["a reply without a body", (t) => bencode({ t, y: "r" })],
  ["a body that is a list", (t) => bencode({ t, y: "r", r: [1] })],
  ["a number for its id", (t) => bencode({ t, y: "r", r: { id: 5 } })],
  ["a list for its id", (t) => bencode({ t, y: "r", r: { id: [id] } })],
  ["a dictionary for its id", (t) => bencode({ t, y: "r", r: { id: { equals: "x" } } })],
  ["a short id", (t) => bencode({ t, y: "r", r: { id: "x" } })],
  ["another id", (t) => bencode({ t, y: "r", r: { id } })],
  ["odd nodes", (t, self) => bencode({ t, y: "r", r: { id: self, nodes: [5], values: "x" } })],
  [
    "an odd item",
    (t, self) => bencode({ t, y: "r", r: { id: self, v: {}, k: 5, sig: [], seq: "x" } }),
  ],
  ["an error without a list", (t) => bencode({ t, y: "e" })],
  ["an error that is a list of lists", (t) => bencode({ t, y: "e", e: [[1], { toString: "x" }] })],
];

Deno.test("a query ends whatever a node replies, and so does the lookup", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  const manager = at.manager();
  await eventually(() => at.engine.node()!.tableSize() >= 8, "the table is filled");
  for (const [what, answer] of oddAnswers) {
    let asked = 0;
    raw.answer = (message) => {
      asked++;
      return answer(message.get("t") as Uint8Array, raw.id);
    };
    const contact = { id: raw.id, host: "127.0.0.1", port: raw.port };
    const target = new Uint8Array(raw.id);
    const result = await at.engine.node()!.query(contact, "get", { target }, { timeoutMs: 200 });
    assert.ok(["reply", "refused", "timeout", "failed"].includes(result.kind), what);
    assert.ok(asked > 0, `${what}: it was not asked`);
    const keys = generateKeyPair();
    const item = signedItem(keys, { salt: id, seq: 1, value: bencode("x") });
    assert.equal((await manager.put(item)).weak, false, what);
    assert.equal((await manager.get(item)).item?.seq, 1, what);
  }
  assert.equal(at.engine.dhtState.state, "on");
});

Deno.test("a packet of several frames is read; an oversized one is truncated and does no harm", async () => {
  await using at = await TestEngine.start({ dht: true });
  await using raw = await RawUdp.bind();
  const { port } = at.engine;
  const answer = await raw.query(port, "ping", { padding: new Uint8Array(3_500) });
  assert.equal(toHex(answer.get("id") as Uint8Array), toHex(at.engine.node()!.id));
  const { malformed } = at.engine.dhtTraffic!;
  const a = { id: raw.id, padding: new Uint8Array(60_000) };
  await raw.send(bencode({ t: "aa", y: "q", q: "ping", a }), port);
  await eventually(() => at.engine.dhtTraffic!.malformed > malformed, "it is counted");
  assert.ok((await raw.query(port, "ping", {})).has("id"));
});
