/**
 * Tests floods of packets with forged senders: the DHT node stays responsive, its memory stays
 * bounded, and it does not amplify the flood.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { concatBytes, toHex, utf8 } from "../../src/base/mod.ts";
import { QUERY_LIMITS } from "../../src/engine/dht/query_limiter.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { bdecode, bencode, type BValue } from "../../src/bencode/mod.ts";
import { targetOf } from "../../src/records/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { FakeSocket } from "../support/fake_socket.ts";
import { mutate } from "../support/mutator.ts";
import { eventually, TestEngine } from "../support/engines.ts";
import { RawUdp } from "../support/raw_udp.ts";
import { seededRandom } from "../support/simulated_dht.ts";
import { randomBytes } from "../support/torrents.ts";
import { signedItem } from "../support/signed.ts";

const random = seededRandom(1);

/** Returns a random address of the range reserved for benchmarks (RFC 2544), which no host uses. */
function anyAddress(): string {
  const byte = () => Math.floor(random() * 256);
  return `198.${18 + (byte() & 1)}.${byte()}.${1 + Math.floor(random() * 254)}`;
}

function anyId(): Uint8Array {
  return Uint8Array.from({ length: 20 }, () => random() * 256);
}

function query(q: string, a: Record<string, BValue>, t = "a"): Uint8Array {
  return bencode({ t, y: "q", q, a });
}

function isQuery(packet: Uint8Array): boolean {
  return Buffer.from(packet).includes("1:y1:q");
}

/** An engine with a fake UDP socket. The test delivers packets from any sender address. */
class Target implements AsyncDisposable {
  readonly socket = new FakeSocket();
  #at!: TestEngine;

  static async start(): Promise<Target> {
    const target = new Target();
    target.#at = await TestEngine.start({
      dht: true,
      createSocket: () => target.socket.asSocket(),
    });
    return target;
  }

  get engine() {
    return this.#at.engine;
  }

  /**
   * Returns the engine's answers to a packet, without queries that the engine sends to the packet's
   * sender.
   */
  sent(packet: Uint8Array, from: { address: string; port: number }) {
    this.socket.sent.length = 0;
    this.socket.receive(packet, from);
    return this.socket.sent.filter(({ packet, to }) =>
      to.host === from.address && to.port === from.port && !isQuery(packet)
    );
  }

  /**
   * Makes a node known to the engine: the node queries the engine and answers the engine's queries.
   */
  meet(from: { address: string; port: number }): void {
    const id = anyId();
    this.socket.sent.length = 0;
    this.socket.receive(query("ping", { id }), from);
    for (const { packet } of this.socket.sent.splice(0)) {
      const t = (bdecode(packet) as Map<string, BValue>).get("t")!;
      if (isQuery(packet)) this.socket.receive(bencode({ t, y: "r", r: { id } }), from);
    }
  }

  /** Returns the body of the engine's answer to a query. */
  answer(packet: Uint8Array, from: { address: string; port: number }): Map<string, unknown> {
    const [answer] = this.sent(packet, from);
    assert.ok(answer, "no answer");
    return (bdecode(answer.packet) as Map<string, unknown>).get("r") as Map<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#at[Symbol.asyncDispose]();
  }
}

const local = { address: "127.0.0.1", port: 9_999 };

/** Fills the routing table, puts an item of 1,000 bytes, and announces 500 peers of a torrent. */
function fill(target: Target): { item: Uint8Array; torrent: Uint8Array } {
  for (let i = 0; i < 20; i++) target.meet({ address: anyAddress(), port: 6881 });
  assert.equal(target.engine.node()!.tableSize(), 20);
  const id = anyId();
  const keys = generateKeyPair();
  const signed = signedItem(keys, { salt: id, seq: 1, value: bencode("x".repeat(996)) });
  const item = targetOf(keys.publicKey, id);
  const token = target.answer(query("get", { id, target: item }), local).get("token") as Uint8Array;
  target.answer(
    query("put", {
      id,
      token,
      k: keys.publicKey,
      salt: id,
      seq: 1,
      sig: signed.signature,
      v: "x".repeat(996),
    }),
    local,
  );
  const torrent = anyId();
  const asked = target.answer(query("get_peers", { id, info_hash: torrent }), local);
  const toAnnounce = asked.get("token") as Uint8Array;
  for (let port = 2_001; port <= 2_500; port++) {
    const args = { id, info_hash: torrent, token: toAnnounce, port };
    assert.ok(target.answer(query("announce_peer", args), local));
  }
  return { item, torrent };
}

/**
 * Maximum amplification by kind of query: bytes of the answer per byte of the query. Measured: 2.9,
 * 5.3, 0.8 and 16.6.
 */
const MOST: Record<string, number> = { find_node: 3, get_peers: 5.5, ping: 1, get: 17 };

Deno.test("the answer to an unverified address has bounded amplification and fits into one frame", async () => {
  await using target = await Target.start();
  const { item, torrent } = fill(target);
  const id = anyId();
  const shortest: Record<string, Uint8Array> = {
    find_node: query("find_node", { id, target: id }),
    get_peers: query("get_peers", { id, info_hash: torrent }),
    ping: query("ping", { id }),
    get: query("get", { id, target: item }),
  };
  const nameless = query("get", { target: item });
  assert.equal(target.sent(nameless, local).length, 0, "a query without an id (BEP 5) is none");
  for (const [name, packet] of Object.entries(shortest)) {
    const answers = target.sent(packet, { address: anyAddress(), port: 1_024 });
    assert.equal(answers.length, 1, `${name}: one answer to one query`);
    const bytes = answers[0]!.packet.length;
    const multiple = bytes / packet.length;
    assert.ok(bytes <= 1_472, `${name}: ${bytes} bytes do not fit into a frame`);
    assert.ok(multiple <= MOST[name]!, `${name}: ${packet.length} bytes give ${bytes}`);
    assert.ok(multiple >= MOST[name]! / 2, `${name}: the bound is not near ${multiple}`);
  }
});

Deno.test("the rate limit of an address covers all of its ports", async () => {
  await using target = await Target.start();
  const { item } = fill(target);
  const packet = query("get", { id: anyId(), target: item });
  const victim = "198.51.100.7";
  let bytes = 0;
  for (let i = 0; i < 20_000; i++) {
    for (
      const { packet: answer } of target.sent(packet, { address: victim, port: 1_024 + i % 2_000 })
    ) {
      bytes += answer.length;
    }
  }
  const most = QUERY_LIMITS.address.burst + QUERY_LIMITS.address.perSecond * 60;
  assert.ok(bytes <= most * 1_472, `${bytes} bytes for ${20_000 * packet.length}`);
  assert.ok(target.engine.dhtTraffic!.limited > 15_000);
  // The rate limit of the flooding address does not affect other addresses.
  assert.equal(target.sent(packet, { address: "203.0.113.9", port: 6881 }).length, 1);
});

Deno.test("forged senders do not enter the routing table, and few of them are pinged", async () => {
  await using target = await Target.start();
  for (let i = 0; i < 2_000; i++) {
    target.socket.receive(query("ping", { id: anyId() }), { address: anyAddress(), port: 6881 });
  }
  assert.equal(target.engine.node()!.tableSize(), 0);
  const asked = target.socket.sent.filter(({ packet }) => isQuery(packet)).length;
  assert.ok(asked >= 10 && asked <= 30, `${asked} are asked`);
});

Deno.test("an address has one place in the routing table, for all of its ports and ids", async () => {
  await using target = await Target.start();
  for (let port = 2_001; port <= 2_005; port++) target.meet({ address: "198.51.100.7", port });
  assert.equal(target.engine.node()!.tableSize(), 1);
  for (let i = 1; i <= 5; i++) target.meet({ address: `198.51.100.${i}`, port: 6881 });
  assert.equal(target.engine.node()!.tableSize(), 6);
  // Loopback is exempt from the limit per address, because all nodes of a test network share one
  // address.
  for (let port = 2_001; port <= 2_003; port++) target.meet({ address: "127.0.0.1", port });
  assert.equal(target.engine.node()!.tableSize(), 9);
});

Deno.test("after 20,000 packets of all kinds from many addresses the node answers, with bounded memory", async () => {
  await using target = await Target.start();
  const { item } = fill(target);
  const id = anyId();
  const kinds = [
    query("ping", { id }),
    query("find_node", { id, target: id }),
    query("get", { id, target: item }),
    query("get_peers", { id, info_hash: id }),
    query("put", { id, token: id, v: "x".repeat(900) }),
    bencode({ t: Uint8Array.of(0, 1), y: "r", r: { id, nodes: randomBytes(26 * 30, 1) } }),
    bencode({ t: "xx", y: "e", e: [201, "no"] }),
    utf8("d-3:"),
  ];
  const round = (packets: number) => {
    for (let i = 0; i < packets; i++) {
      const kind = kinds[i % kinds.length]!;
      // Each sender has a new node id, so that each sender is a candidate for the routing table.
      const packet = i % 5 === 0 ? mutate(kind, kinds, random) : withId(kind, id, anyId());
      target.socket.receive(packet, { address: anyAddress(), port: 1_024 + i % 60_000 });
      target.socket.sent.length = 0;
    }
  };
  round(5_000);
  const before = Deno.memoryUsage().heapUsed;
  round(20_000);
  const grownMiB = (Deno.memoryUsage().heapUsed - before) / 2 ** 20;
  assert.ok(grownMiB < 100, `the heap has grown by ${grownMiB.toFixed(1)} MiB`);
  assert.ok(target.engine.node()!.tableSize() <= 160 * 20, "the routing table is bounded");
  assert.equal(target.engine.dhtState.state, "on");
  assert.equal(
    toHex(target.answer(query("ping", { id }), local).get("id") as Uint8Array),
    toHex(target.engine.node()!.id),
  );
});

function withId(packet: Uint8Array, old: Uint8Array, id: Uint8Array): Uint8Array {
  const at = Buffer.from(packet).indexOf(Buffer.from(old));
  return at === -1 ? packet : concatBytes(packet.subarray(0, at), id, packet.subarray(at + 20));
}

Deno.test("the node keeps at most 1,000 values of others", async () => {
  await using target = await Target.start();
  const id = anyId();
  const token = target.answer(query("get", { id, target: id }), local).get("token") as Uint8Array;
  const values = Array.from({ length: 1_200 }, (_, i) => `${i} ${"x".repeat(900)}`);
  for (const v of values) target.answer(query("put", { id, token, v }), local);
  let held = 0;
  for (const v of values) {
    const sha1 = new Uint8Array(await crypto.subtle.digest("SHA-1", bencode(v)));
    if (target.answer(query("get", { id, target: sha1 }), local).has("v")) held++;
  }
  assert.equal(held, 1_000);
});

Deno.test("records are put and got again after a flood of 20,000 real packets, and failures during it are reported", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  await eventually(() => at.engine.node()!.tableSize() >= 8, "the table is filled");
  const packet = query("find_node", { id: raw.id, target: raw.id });
  let flooding = true;
  const flood = (async () => {
    for (let sent = 0; sent < 20_000 || flooding; sent++) await raw.send(packet, at.engine.port);
  })();
  const manager = at.manager();
  for (let i = 0; i < 10; i++) {
    const item = signedItem(generateKeyPair(), { salt: anyId(), seq: 1, value: bencode(i) });
    // The flood may overflow the socket's buffer. Puts and gets may therefore fail, but each
    // failure must be reported.
    const put = await manager.put(item, { refreshAfterMs: 0 });
    const got = put.holding > 0 ? await manager.get(item) : undefined;
    if (got?.item) assert.deepEqual(got.item, item);
    else {
      const errors = Object.keys({ ...put.errors, ...got?.errors });
      assert.ok(put.weak || errors.length > 0, "a failure that is not told");
    }
    // The flood lasts until at least one record was put and read back.
    flooding = false;
  }
  await flood;
  const item = signedItem(generateKeyPair(), { salt: anyId(), seq: 1, value: bencode("after") });
  assert.equal((await manager.put(item)).weak, false);
  assert.deepEqual((await manager.get(item)).item, item);
});

Deno.test("duplicate, late and unsolicited answers change nothing", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  await eventually(() => at.engine.node()!.tableSize() >= 8, "the table is filled");
  const contact = { id: raw.id, host: "127.0.0.1", port: raw.port };
  const ask = (timeoutMs: number) =>
    at.engine.node()!.query(contact, "get", { target: raw.id }, { timeoutMs });
  const reply = (t: Uint8Array) => bencode({ t, y: "r", r: { id: raw.id, token: "t" } });
  raw.answer = (message, port) => {
    const t = message.get("t") as Uint8Array;
    raw.send(reply(t), port);
    return reply(t);
  };
  for (let i = 0; i < 20; i++) assert.equal((await ask(60_000)).kind, "reply");
  const late: Uint8Array[] = [];
  raw.answer = (message) => {
    late.push(message.get("t") as Uint8Array);
    return undefined;
  };
  for (let i = 0; i < 3; i++) assert.equal((await ask(50)).kind, "timeout");
  await eventually(() => late.length === 3, "all have arrived");
  for (const t of late) await raw.send(reply(t), at.engine.port);
  for (let t = 0; t < 500; t++) {
    await raw.send(reply(Uint8Array.of(t >> 8, t & 255)), at.engine.port);
    // After each 50 packets, a ping waits for its answer, because the socket's buffer is small.
    // Thus all forged replies are read before the next query is sent, whose transaction id could
    // equal a forged one.
    if (t % 50 === 49) await raw.query(at.engine.port, "ping", {});
  }
  const item = signedItem(generateKeyPair(), { salt: raw.id, seq: 1, value: bencode("x") });
  assert.equal((await at.manager().put(item)).weak, false);
  assert.deepEqual((await at.manager().get(item)).item, item);
});
