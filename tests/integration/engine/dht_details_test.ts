/** Tests what an engine tells of its DHT node: the routing table, and its packets by kind. */

import assert from "node:assert/strict";
import { utf8 } from "../../../src/base/mod.ts";
import type { KindTraffic, PacketKind } from "../../../src/engine/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { signedItem } from "../../support/signed.ts";

function familyOf(at: TestEngine) {
  const { families } = at.engine.dhtDetails;
  assert.equal(families.length, 1);
  return families[0]!;
}

function rowOf(at: TestEngine, kind: PacketKind): KindTraffic {
  return familyOf(at).traffic.find((row) => row.kind === kind)!;
}

Deno.test("the routing table is told by distance, and nodes that have answered are good", async () => {
  await using testnet = await startTestnet({ nodes: 60 });
  await using at = await TestEngine.start({ testnet });
  const manager = at.manager();
  for (let i = 0; i < 5; i++) await manager.findPeers(crypto.getRandomValues(new Uint8Array(20)));
  const { family, nodeIdHex, nodes, buckets } = familyOf(at);
  assert.equal(family, 4);
  assert.equal(nodeIdHex, at.engine.node()!.id.toHex());
  assert.ok(nodes > 10, `${nodes} nodes`);
  assert.equal(buckets.reduce((sum, bucket) => sum + bucket.nodes, 0), nodes);
  const bits = buckets.map(({ prefixBits }) => prefixBits);
  assert.deepEqual(bits, bits.toSorted((a, b) => a - b));
  assert.equal(new Set(bits).size, bits.length);
  // Each of them was taken in because it had answered just now.
  assert.ok(buckets.every((bucket) => bucket.good === bucket.nodes));
  assert.ok(at.engine.dhtDetails.roundTripMs! >= 0);
});

Deno.test("packets are counted by kind, replies by their query, and all sums are the socket's", async () => {
  await using testnet = await startTestnet({ nodes: 30 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  const manager = at.manager();
  const keys = keyPairFromSeed(new Uint8Array(32).fill(9));
  await manager.put(signedItem(keys, { salt: utf8("s"), seq: 1, value: bencode("v") }));
  await manager.get({ publicKey: keys.publicKey, salt: utf8("s") });
  await manager.findPeers(new Uint8Array(20).fill(3));
  for (const kind of ["put", "get", "get_peers", "find_node"] as const) {
    const { queriesOut, repliesIn } = rowOf(at, kind);
    assert.ok(queriesOut > 0 && repliesIn > 0 && repliesIn <= queriesOut, kind);
  }
  const before = familyOf(at).traffic;
  const target = new Uint8Array(20).fill(5);
  await raw.query(at.engine.port, "ping", {});
  await raw.query(at.engine.port, "find_node", { target });
  await raw.query(at.engine.port, "get_peers", { info_hash: target });
  await raw.query(at.engine.port, "get", { target });
  const grown = (kind: PacketKind) => {
    const [was, is] = [before.find((row) => row.kind === kind)!, rowOf(at, kind)];
    return { in: is.queriesIn - was.queriesIn, out: is.repliesOut - was.repliesOut };
  };
  for (const kind of ["ping", "find_node", "get_peers", "get"] as const) {
    assert.ok(grown(kind).in >= 1, kind);
    assert.equal(grown(kind).out, grown(kind).in, `${kind}: each is answered`);
  }
  assert.equal(grown("put").in, 0);
  await eventually(() => {
    const { traffic } = familyOf(at);
    const sum = (...columns: Exclude<keyof KindTraffic, "kind">[]) =>
      traffic.reduce((all, row) => columns.reduce((some, one) => some + row[one], all), 0);
    const { packetsIn, packetsOut, malformed, limited, unasked } = at.engine.dhtTraffic!;
    return sum("queriesOut", "repliesOut") === packetsOut &&
      sum("queriesIn", "repliesIn") === packetsIn - malformed - limited - unasked;
  }, "the sums are those of the socket");
});

Deno.test("unknown queries and errors are counted, and what is dropped is not", async () => {
  await using at = await TestEngine.start({ dht: true });
  await using raw = await RawUdp.bind();
  const send = (packet: Record<string, unknown>) =>
    raw.send(bencode(packet as never), at.engine.port);
  const id = raw.id;
  await send({ t: "aa", y: "q", q: "vote", a: { id } });
  await eventually(() => rowOf(at, "other").queriesIn === 1, "an unknown query");
  await eventually(() => rowOf(at, "error").repliesOut === 1, "it is answered by an error");
  // A malformed query, an unasked reply and nonsense are in none of the rows.
  await send({ t: "ab", y: "q", q: "ping", a: { id: "short" } });
  await send({ t: "ac", y: "r", r: { id } });
  await raw.send(utf8("nonsense"), at.engine.port);
  await eventually(() => {
    const { malformed, unasked } = at.engine.dhtTraffic!;
    return malformed >= 2 && unasked >= 1;
  }, "they are dropped");
  assert.equal(rowOf(at, "ping").queriesIn, 0);
  assert.equal(rowOf(at, "ping").repliesIn, 0);
});

Deno.test("an engine without a DHT has no family", async () => {
  await using at = await TestEngine.start();
  assert.deepEqual(at.engine.dhtDetails, { families: [] });
});
