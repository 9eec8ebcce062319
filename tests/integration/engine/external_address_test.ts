/**
 * Tests that a DHT node learns its external address from replies (BEP 42), takes an id that fits it,
 * and tells other nodes theirs. The network is a fake socket, since all addresses of this machine are
 * exempt.
 */

import assert from "node:assert/strict";
import { concatBytes, parseAddress, toHex } from "../../../src/base/mod.ts";
import { bdecode, type BDecoded, bencode } from "../../../src/bencode/mod.ts";
import { fitsAddress } from "../../../src/reachability/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { FakeSocket, type SentPacket } from "../../support/fake_socket.ts";

const OURS = "5.9.1.2";
const NODES = 12;

type Packet = Map<string, BDecoded>;

/** A fake internet, in which each node answers every query and tells us our address. */
class World extends FakeSocket {
  seenAs = OURS;
  readonly ids = new Map<string, Uint8Array>();

  constructor() {
    super();
    for (let i = 1; i <= NODES; i++) {
      this.ids.set(`45.${i}.1.1`, crypto.getRandomValues(new Uint8Array(20)));
    }
  }

  override send(...args: Parameters<FakeSocket["send"]>): void {
    super.send(...args);
    const { packet, to } = this.sent.at(-1)!;
    const message = bdecode(packet) as Packet;
    const id = this.ids.get(to.host);
    if (!id || !isQuery(message)) return;
    const nodes = concatBytes(
      ...[...this.ids].map(([host, id]) => concatBytes(id, parseAddress(host)!, port(6881))),
    );
    const ip = concatBytes(parseAddress(this.seenAs)!, port(4321));
    const answer = bencode({ ip, r: { id, nodes }, t: message.get("t") as Uint8Array, y: "r" });
    queueMicrotask(() => this.receive(answer, { address: to.host, port: to.port }));
  }
}

function isQuery(message: Packet): boolean {
  return new TextDecoder().decode(message.get("y") as Uint8Array) === "q";
}

function port(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 255);
}

async function begin(more: { readOnly?: boolean } = {}) {
  const world = new World();
  const votes: string[] = [];
  const engine = await TestEngine.start({
    dht: true,
    bootstrap: [{ host: "45.1.1.1", port: 6881 }],
    createSocket: () => world.asSocket(),
    onAddressVote: (voter, claim) => votes.push(`${voter} ${claim.subarray(0, 4).join(".")}`),
    ...more,
  });
  return { world, engine, votes };
}

Deno.test("the nodes that we query tell our address", async () => {
  const { engine, votes, world } = await begin();
  await using _engine = engine;
  await eventually(() => new Set(votes).size === NODES, "each node votes");
  assert.deepEqual(
    [...new Set(votes)].sort(),
    [...world.ids.keys()].map((at) => `${at} ${OURS}`).sort(),
  );
});

Deno.test("the node id follows the external address, and the contacts stay", async () => {
  const { engine } = await begin();
  await using _engine = engine;
  await eventually(() => engine.engine.node()!.tableSize() === NODES, "the table is full");
  for (const address of [OURS, "84.124.73.14"]) {
    engine.engine.setExternalAddress(address);
    const { id } = engine.engine.node()!;
    assert.ok(fitsAddress(id, address), address);
    engine.engine.setExternalAddress(address);
    assert.equal(toHex(engine.engine.node()!.id), toHex(id), "an id that fits stays");
  }
  assert.equal(engine.engine.node()!.tableSize(), NODES);
  const { id } = engine.engine.node()!;
  const closest = engine.engine.node()!.closest(id, NODES);
  assert.equal(closest.length, NODES);
});

Deno.test("a read-only node keeps its id", async () => {
  const { engine } = await begin({ readOnly: true });
  await using _engine = engine;
  const before = toHex(engine.engine.node()!.id);
  engine.engine.setExternalAddress(OURS);
  assert.equal(toHex(engine.engine.node()!.id), before);
});

Deno.test("a query is answered with the asker's address and port, and our new id", async () => {
  const { engine, world } = await begin();
  await using _engine = engine;
  await eventually(() => engine.engine.node()!.tableSize() === NODES, "the table is full");
  engine.engine.setExternalAddress(OURS);
  const target = new Uint8Array(20);
  const asker = { address: "81.2.3.4", port: 7_001 };
  const answerTo = (q: string, t: string, args: Record<string, Uint8Array>): SentPacket => {
    const id = new Uint8Array(20).fill(9);
    // Most programs send their version. Answers to shorter queries have no room for the address.
    world.receive(bencode({ a: { id, ...args }, q, t, v: "LT01", y: "q" }), asker);
    // The node also pings an asker that it does not know.
    return world.sent.findLast(({ to, packet }) =>
      to.host === asker.address && !isQuery(bdecode(packet) as Packet)
    )!;
  };
  for (const q of ["ping", "find_node", "get"]) {
    const message = bdecode(answerTo(q, "aa", { target }).packet) as Packet;
    assert.equal(
      toHex(message.get("ip") as Uint8Array),
      toHex(concatBytes(parseAddress("81.2.3.4")!, port(7_001))),
    );
    const id = (message.get("r") as Packet).get("id") as Uint8Array;
    assert.equal(toHex(id), toHex(engine.engine.node()!.id), q);
  }
});
