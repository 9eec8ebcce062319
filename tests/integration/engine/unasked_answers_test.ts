import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import type { Contact, DhtNode } from "../../../src/dht/mod.ts";
import { type BDecoded, bencode } from "../../../src/bencode/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";

/**
 * Timeout of queries that are answered. It is long, so that the queries do not time out on a busy
 * machine.
 */
const patient = { timeoutMs: 60_000 };
const target = new Uint8Array(20).fill(7);

/** Starts an engine with an empty routing table, whose node the test makes send queries. */
async function lonelyEngine(): Promise<{ engine: TestEngine; node: DhtNode }> {
  const engine = await TestEngine.start({ dht: true });
  return { engine, node: engine.engine.node()! };
}

function contact({ id, port }: RawUdp): Contact {
  return { id, host: "127.0.0.1", port };
}

function transactionOf(packet: Map<string, BDecoded>): Uint8Array {
  return packet.get("t") as Uint8Array;
}

function answerTo(packet: Map<string, BDecoded>, id: Uint8Array): Uint8Array {
  return bencode({ t: transactionOf(packet), y: "r", r: { id } });
}

function isKnown({ engine }: TestEngine, id: Uint8Array): boolean {
  return engine.knownNodes().some((known) => toHex(known.id!) === toHex(id));
}

Deno.test("a reply counts only from the queried address and port", async () => {
  const { engine: seeker, node } = await lonelyEngine();
  await using engine = seeker;
  await using asked = await RawUdp.bind();
  await using forger = await RawUdp.bind();
  const forged = Promise.withResolvers<void>();
  asked.answer = (packet) => {
    // The strongest possible forgery: a reply with the right transaction id and node id, from
    // another address.
    const sent = forger.send(answerTo(packet, asked.id), engine.engine.port);
    void sent.then(forged.resolve);
    return undefined;
  };
  const answer = node.query(contact(asked), "find_node", { target }, { timeoutMs: 1_000 });
  await forged.promise;
  assert.equal((await answer).kind, "timeout");
  await eventually(() => engine.engine.dhtTraffic!.unasked === 1, "the forged answer is dropped");

  asked.answer = (packet) => answerTo(packet, asked.id);
  const second = await node.query(contact(asked), "find_node", { target }, patient);
  assert.equal(second.kind, "reply");
});

Deno.test("an unrequested reply adds no node to the routing table", async () => {
  const { engine: seeker, node } = await lonelyEngine();
  await using engine = seeker;
  await using stranger = await RawUdp.bind();
  for (let id = 0; id < 64; id++) {
    const t = Uint8Array.of(id >> 8, id & 0xff);
    await stranger.send(bencode({ t, y: "r", r: { id: stranger.id } }), engine.engine.port);
  }
  await eventually(() => engine.engine.dhtTraffic!.unasked === 64, "64 answers dropped");
  assert.equal(isKnown(engine, stranger.id), false);

  stranger.answer = (packet) => answerTo(packet, stranger.id);
  await node.query(contact(stranger), "find_node", { target }, patient);
  assert.equal(isKnown(engine, stranger.id), true);
});

Deno.test("a reply counts once, and transaction ids are not predictable", async () => {
  const { engine: seeker, node } = await lonelyEngine();
  await using engine = seeker;
  await using asked = await RawUdp.bind();
  const seen: number[] = [];
  asked.answer = (packet) => {
    const [high, low] = transactionOf(packet);
    seen.push(high! << 8 | low!);
    const answer = answerTo(packet, asked.id);
    void asked.send(answer, engine.engine.port);
    return answer;
  };
  for (let n = 0; n < 64; n++) {
    await node.query(contact(asked), "find_node", { target }, patient);
  }
  await eventually(() => engine.engine.dhtTraffic!.unasked === 64, "second answers dropped");
  const steps = seen.slice(1).map((id, n) => id - seen[n]!);
  // If transaction ids are random, two equal differences between successive ids are rare, and 60
  // among 64 are practically impossible.
  assert.ok(new Set(steps).size > 56, steps.join(" "));
});
