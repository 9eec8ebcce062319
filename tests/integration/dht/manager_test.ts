import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import { DhtManager } from "../../../src/dht/mod.ts";
import { Engine } from "../../../src/engine/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { targetOf } from "../../../src/records/mod.ts";
import { startTestnet, type Testnet } from "../../../src/testnet/mod.ts";
import { toHex, utf8 } from "../../../src/base/mod.ts";
import { signedItem } from "../../support/signed.ts";

function addressOf(bootstrap: string) {
  const [host, port] = bootstrap.split(":");
  return { host: host!, port: Number(port) };
}

async function startEngine(testnet: Testnet) {
  return await Engine.start({
    clock: systemClock,
    port: 0,
    dht: true,
    bootstrap: [addressOf(testnet.bootstrap)],
  });
}

function borrow(engine: Engine, options = {}) {
  return new DhtManager({
    nodes: () => {
      const node = engine.node();
      return node ? [node] : [];
    },
    clock: systemClock,
    ...options,
  });
}

const salt = utf8("a salt");

Deno.test("a record put through one engine is found through another, on the closest nodes", async () => {
  await using testnet = await startTestnet({ nodes: 50 });
  const [putter, getter] = [await startEngine(testnet), await startEngine(testnet)];
  try {
    const keys = generateKeyPair();
    const item = signedItem(keys, { salt, seq: 7, value: bencode({ hello: "world" }) });
    const put = await borrow(putter).put(item);
    assert.equal(put.holding, 8);
    assert.equal(put.stored, 8);
    assert.equal(put.weak, false);
    const target = toHex(targetOf(keys.publicKey, salt));
    const holders = testnet.holders(target).length;
    assert.ok(holders >= 7, `${holders} testnet nodes hold it; the other engine may be the eighth`);

    const got = await borrow(getter).get({ publicKey: keys.publicKey, salt });
    assert.deepEqual(got.item?.value, item.value);
    assert.equal(got.item?.seq, 7);
    assert.equal(got.invalid, 0);
  } finally {
    await Promise.all([putter.close(), getter.close()]);
  }
});

Deno.test("putting again asks first, and puts nothing to nodes that hold the record", async () => {
  // The testnet has exactly as many nodes as should hold a record, so a node that replies late
  // cannot be replaced by another node.
  await using testnet = await startTestnet({ nodes: 8 });
  const engine = await startEngine(testnet);
  try {
    const item = signedItem(generateKeyPair(), { salt, seq: 1, value: bencode("x") });
    const manager = borrow(engine);
    assert.equal((await manager.put(item)).stored, 8);
    const again = await manager.put(item);
    assert.equal(again.stored, 0);
    assert.equal(again.holding, 8);
  } finally {
    await engine.close();
  }
});

Deno.test("the node keeps answering after the manager that borrowed it has stopped", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  const engine = await startEngine(testnet);
  try {
    const manager = borrow(engine);
    await manager.get({ publicKey: generateKeyPair().publicKey, salt });
    await manager.stop();
    await assert.rejects(manager.get({ publicKey: generateKeyPair().publicKey, salt }), {
      code: "DHT_STOPPED",
    });
    const node = engine.node()!;
    const [contact] = node.closest(node.id, 1);
    const answer = await node.query(contact!, "ping", {}, { timeoutMs: 2_000 });
    assert.equal(answer.kind, "reply");
  } finally {
    await engine.close();
  }
});
