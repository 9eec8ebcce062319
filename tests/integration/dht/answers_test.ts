import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { targetOf } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { addressOf, eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { signedItem } from "../../support/signed.ts";

const NODE_BYTES = 26;
const random = () => crypto.getRandomValues(new Uint8Array(20));

Deno.test("an answer names at most the 8 closest of 200 nodes", async () => {
  await using testnet = await startTestnet({ nodes: 200 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  const manager = at.manager();
  for (let i = 0; i < 20; i++) await manager.findPeers(random());
  const node = at.engine.node()!;
  assert.ok(node.tableSize() > 40, `${node.tableSize()} nodes in the table`);
  for (let i = 0; i < 10; i++) {
    const target = random();
    const closest = () => node.closest(target, 8).map(({ id }) => toHex(id!)).join(" ");
    for (
      const [name, args] of [
        ["find_node", { target }],
        ["get", { target }],
        ["get_peers", { info_hash: target }],
      ] as const
    ) {
      const before = closest();
      const answer = await raw.query(at.engine.port, name, args);
      const nodes = answer.get("nodes") as Uint8Array;
      assert.equal(nodes.length, 8 * NODE_BYTES, name);
      const ids = Array.from(
        { length: 8 },
        (_, n) => toHex(nodes.subarray(n * NODE_BYTES, n * NODE_BYTES + 20)),
      );
      // A node that does not respond may leave the routing table at any moment.
      assert.ok([before, closest()].includes(ids.join(" ")), `${name}: ${ids.join(" ")}`);
    }
  }
});

Deno.test("an answer names at most 50 of 500 peers of a torrent", async () => {
  await using testnet = await startTestnet({ nodes: 10 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  const infoHash = random();
  const found = await raw.query(at.engine.port, "get_peers", { info_hash: infoHash });
  const token = found.get("token") as Uint8Array;
  for (let port = 2_001; port <= 2_500; port++) {
    const args = { info_hash: infoHash, token, port, implied_port: 0 };
    await raw.query(at.engine.port, "announce_peer", args);
  }
  const answer = await raw.query(at.engine.port, "get_peers", { info_hash: infoHash });
  const values = answer.get("values") as Uint8Array[];
  assert.equal(values.length, 50);
  assert.ok(values.every((value) => value.length === 6));
});

Deno.test("an item is kept for two hours after its last put", async () => {
  await using testnet = await startTestnet({ nodes: 5 });
  await using at = await TestEngine.start({ testnet });
  await using raw = await RawUdp.bind();
  const keys = generateKeyPair();
  const { salt, seq, signature } = signedItem(keys, {
    salt: new TextEncoder().encode("s"),
    seq: 1,
    value: bencode("x"),
  });
  const target = targetOf(keys.publicKey, salt);
  const get = () => raw.query(at.engine.port, "get", { target });
  const put = async (v: string) => {
    const token = (await get()).get("token") as Uint8Array;
    const args = { k: keys.publicKey, salt, seq, sig: signature, v, token };
    // The node sends no answer to this put. `isIgnored` returns after the node has answered a later
    // packet, and so after the node has processed the put.
    await raw.isIgnored(at.engine.port, "put", args);
  };
  const now = Date.now;
  try {
    await put("x");
    Date.now = () => now() + 90 * 60_000;
    await put("x");
    Date.now = () => now() + 180 * 60_000;
    assert.ok((await get()).has("v"), "it is held 90 minutes after it was put again");
    // A put of another value does not extend the lifetime of the first value.
    await put("y");
    Date.now = () => now() + 240 * 60_000;
    assert.ok(!(await get()).has("v"), "it is gone two hours after it was put last");
  } finally {
    Date.now = now;
  }
});

Deno.test("a read-only node (BEP 43) marks its queries, answers none, and gets and puts like others", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using visitor = await TestEngine.start({ testnet, readOnly: true });
  await using raw = await RawUdp.bind();
  const marks: unknown[] = [];
  raw.answer = (message) => {
    marks.push(message.get("ro"));
    return undefined;
  };
  const contact = { id: raw.id, host: "127.0.0.1", port: raw.port };
  await visitor.engine.node()!.query(contact, "ping", {}, { timeoutMs: 100 });
  assert.deepEqual(marks, [1]);
  await assert.rejects(raw.query(visitor.engine.port, "ping", {}, 200), /no answer/);
  await eventually(() => visitor.engine.node()!.tableSize() >= 8, "the table is filled");
  const item = signedItem(generateKeyPair(), {
    salt: new Uint8Array(),
    seq: 1,
    value: bencode("x"),
  });
  assert.equal((await visitor.manager().put(item)).holding, 8);
  assert.deepEqual((await visitor.manager().get(item)).item, item);
});

Deno.test("a read-only node enters no routing table, of an engine or a testnet node", async () => {
  await using testnet = await startTestnet({ nodes: 4 });
  await using host = await TestEngine.start({ testnet });
  await eventually(async () => {
    // On a busy machine, a node may miss the first query.
    await host.manager().findPeers(random());
    return testnet.nodes.every((node) => node.contacts() === 4);
  }, "all know the host");
  await eventually(() => host.engine.node()!.tableSize() === 4, "the host knows all");
  const bootstrap = [host.address, addressOf(testnet.bootstrap)];
  await using visitor = await TestEngine.start({ testnet, bootstrap, readOnly: true });
  await eventually(() => visitor.engine.node()!.tableSize() === 5, "the visitor knows all");
  assert.equal(host.engine.node()!.tableSize(), 4);
  assert.deepEqual(testnet.nodes.map((node) => node.contacts()), [4, 4, 4, 4]);
});

Deno.test("an engine without bootstrap addresses can be given one later", async () => {
  await using testnet = await startTestnet({ nodes: 10 });
  await using late = await TestEngine.start({ testnet, bootstrap: [] });
  assert.equal(late.engine.node()!.tableSize(), 0);
  late.engine.addBootstrap([addressOf(testnet.bootstrap)]);
  await eventually(() => late.engine.node()!.tableSize() === 10, "it knows all");
});
