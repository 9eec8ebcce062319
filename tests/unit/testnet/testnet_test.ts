import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import dgram from "node:dgram";
import bencode from "bencode";
import DHT from "bittorrent-dht";
import { parseCompactNodes } from "../../../src/base/mod.ts";
import { startTestnet, TestnetError } from "../../../src/testnet/mod.ts";
import { freePort, isFree } from "../../support/free_port.ts";

const value = Buffer.from("hello");

/** Starts a DHT node of another implementation that knows only the testnet's bootstrap address. */
async function withClient<T>(bootstrap: string, use: (dht: DHT) => Promise<T>): Promise<T> {
  const dht = new DHT({ bootstrap: [bootstrap] });
  await new Promise<void>((resolve) => dht.listen(0, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => dht.ready ? resolve() : dht.once("ready", resolve));
  try {
    return await use(dht);
  } finally {
    await new Promise<void>((resolve) => dht.destroy(resolve));
  }
}

function put(dht: DHT, item: Record<string, unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    dht.put(
      item,
      (error: Error | null, key: Buffer) => error ? reject(error) : resolve(key.toString("hex")),
    );
  });
}

function mutableItem(seq: number) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const k = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
  const targetHex = createHash("sha1").update(k).digest("hex");
  const item = { k, v: value, seq, sign: (message: Uint8Array) => sign(null, message, privateKey) };
  return { item, targetHex };
}

Deno.test("the nodes of a testnet know each other and have received no query", async () => {
  await using testnet = await startTestnet({ nodes: 60 });
  assert.equal(testnet.nodes.length, 60);
  assert.equal(new Set(testnet.nodes.map((node) => node.port)).size, 60);
  for (const node of testnet.nodes) {
    assert.ok(node.contacts() >= 20, `${node.contacts()} contacts`);
    assert.equal(node.received.last.length, 0);
  }
});

Deno.test("a testnet may have one or two nodes", async () => {
  await using two = await startTestnet({ nodes: 2 });
  assert.deepEqual(two.nodes.map((node) => node.contacts()), [1, 1]);
  await using one = await startTestnet({ nodes: 1 });
  assert.equal(one.bootstrap, `127.0.0.1:${one.nodes[0]!.port}`);
});

Deno.test("the same seed gives the same node ids, another seed others", async () => {
  await using a = await startTestnet({ nodes: 3 });
  await using b = await startTestnet({ nodes: 3 });
  await using c = await startTestnet({ nodes: 3, seed: "other" });
  const ids = (testnet: typeof a) => testnet.nodes.map((node) => node.idHex);
  assert.deepEqual(ids(a), ids(b));
  assert.notDeepEqual(ids(a), ids(c));
});

Deno.test("a mutable item is stored on the nodes closest to its target", async () => {
  await using testnet = await startTestnet({ nodes: 60 });
  const { item, targetHex } = mutableItem(7);
  const key = await withClient(testnet.bootstrap, (dht) => put(dht, item));
  assert.equal(key, targetHex);
  const target = BigInt(`0x${targetHex}`);
  const nearest = testnet.nodes.map((node) => ({ node, away: BigInt(`0x${node.idHex}`) ^ target }))
    .sort((a, b) => a.away < b.away ? -1 : 1).slice(0, 8);
  for (const { node } of nearest) {
    assert.deepEqual(node.holds(targetHex), { seq: 7 });
    assert.deepEqual(node.storedTargets(), [targetHex]);
  }
  assert.ok(testnet.holders(targetHex).length >= 8);
  assert.equal(testnet.nodes[0]!.holds("00".repeat(20)), undefined);
});

Deno.test("a mutable item with a wrong signature is not stored", async () => {
  await using testnet = await startTestnet({ nodes: 5 });
  const { item, targetHex } = mutableItem(7);
  const forged = { ...item, sign: () => Buffer.alloc(64, 1) };
  await withClient(testnet.bootstrap, async (dht) => {
    const done = put(dht, forged);
    // A testnet node does not answer a put that it cannot verify. The put therefore fails only when
    // the client ends.
    const sent = () => testnet.nodes.every((node) => node.received.counts.put > 0);
    while (!sent()) await new Promise((resolve) => setTimeout(resolve, 5));
    done.catch(() => {});
  });
  assert.deepEqual(testnet.holders(targetHex), []);
});

Deno.test("an immutable item that is a number is found like any other", async () => {
  await using testnet = await startTestnet({ nodes: 4 });
  const targetHex = await withClient(testnet.bootstrap, (dht) => put(dht, { v: 5 }));
  assert.deepEqual(testnet.nodes[0]!.holds(targetHex), { seq: 0 });
});

Deno.test("forget removes an item from that node only", async () => {
  await using testnet = await startTestnet({ nodes: 4 });
  const targetHex = await withClient(testnet.bootstrap, (dht) => put(dht, { v: value }));
  assert.equal(testnet.holders(targetHex).length, 4);
  testnet.nodes[1]!.forget(targetHex);
  assert.equal(testnet.nodes[1]!.holds(targetHex), undefined);
  assert.equal(testnet.holders(targetHex).length, 3);
});

Deno.test("queries are counted by name and recorded with their source address", async () => {
  await using testnet = await startTestnet({ nodes: 3 });
  const port = await withClient(testnet.bootstrap, async (dht) => {
    await put(dht, { v: value });
    return dht.address().port;
  });
  for (const { received } of testnet.nodes) {
    assert.equal(received.counts.put, 1);
    assert.ok(received.counts.get >= 1);
    for (const query of received.last) {
      assert.deepEqual({ host: query.host, port: query.port }, { host: "127.0.0.1", port });
    }
  }
});

Deno.test("an unknown query name is counted as other, garbage is not counted", async () => {
  await using testnet = await startTestnet({ nodes: 1 });
  const node = testnet.nodes[0]!;
  const socket = dgram.createSocket("udp4");
  const send = (text: string) => socket.send(text, node.port, "127.0.0.1");
  send("garbage");
  send("d1:ade1:q9:__proto__1:t1:x1:y1:qe");
  send("d1:ade1:q6:random1:t1:x1:y1:qe");
  while (node.received.last.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise<void>((resolve) => socket.close(resolve));
  assert.equal(node.received.counts.other, 2);
  assert.deepEqual(node.received.last.map((query) => query.query).sort(), ["__proto__", "random"]);
});

Deno.test("queries with fields of the wrong type do not end a node", async () => {
  await using testnet = await startTestnet({ nodes: 1 });
  const node = testnet.nodes[0]!;
  const id = "2:id20:abcdefghijabcdefghij";
  const socket = dgram.createSocket("udp4");
  const send = (text: string) => socket.send(text, node.port, "127.0.0.1");
  send(`d1:ad${id}6:targeti5ee1:q9:find_node1:t1:x1:y1:qe`);
  send(`d1:ad${id}9:info_hashi5ee1:q9:get_peers1:t1:x1:y1:qe`);
  send(`d1:ad${id}6:targeti5ee1:q3:get1:t1:x1:y1:qe`);
  const pong = new Promise((resolve) => socket.once("message", resolve));
  while (node.received.last.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  send(`d1:ad${id}e1:q4:ping1:t1:x1:y1:qe`);
  assert.match(String(await pong), /1:y1:r/);
  await new Promise<void>((resolve) => socket.close(resolve));
});

Deno.test("a killed node frees its port and is no longer a holder", async () => {
  const port = await freePort();
  await using testnet = await startTestnet({ nodes: 4, port });
  const targetHex = await withClient(testnet.bootstrap, (dht) => put(dht, { v: value }));
  const node = testnet.nodes[0]!;
  assert.equal(testnet.holders(targetHex).includes(node), true);
  await node.kill();
  assert.equal(node.killed, true);
  assert.equal(testnet.holders(targetHex).includes(node), false);
  assert.equal(await isFree(port), true);
});

Deno.test("the first node binds the requested port", async () => {
  const port = await freePort();
  await using testnet = await startTestnet({ nodes: 2, port });
  assert.equal(testnet.bootstrap, `127.0.0.1:${port}`);
});

Deno.test("a taken port is named in the error, and nothing is left running", async () => {
  await using testnet = await startTestnet({ nodes: 1 });
  const { port } = testnet.nodes[0]!;
  await assert.rejects(startTestnet({ nodes: 3, port }), (error) => {
    assert.ok(error instanceof TestnetError);
    assert.equal(error.kind, "in-use");
    assert.equal(error.code, "PORT_IN_USE");
    assert.match(error.message, new RegExp(`\\b${port}\\b`));
    return true;
  });
});

Deno.test("an address of another machine is refused", async () => {
  await assert.rejects(
    startTestnet({ nodes: 1, hosts: ["192.0.2.1"] }),
    (error) => error instanceof TestnetError && error.code === "PORT_REFUSED",
  );
});

Deno.test("a start that misses its deadline leaves nothing running", async () => {
  const clock = {
    now: () => 0,
    after(_delayMs: number, fire: () => void) {
      queueMicrotask(fire);
      return { cancel() {} };
    },
  };
  await assert.rejects(
    startTestnet({ nodes: 20, clock }),
    (error) => error instanceof TestnetError && error.code === "START_TIMEOUT",
  );
});

for (const nodes of [0, -1, 1.5, NaN, 2001]) {
  Deno.test(`${nodes} nodes are refused`, async () => {
    await assert.rejects(
      startTestnet({ nodes }),
      (error) => error instanceof TestnetError && error.kind === "usage",
    );
  });
}

Deno.test("closing twice succeeds", async () => {
  const testnet = await startTestnet({ nodes: 2 });
  await testnet.close();
  await testnet.close();
});

Deno.test("nodes on ::1 name each other by addresses of IPv6, and hold what is put to them", async () => {
  await using testnet = await startTestnet({ nodes: 4, hosts: ["::1"] });
  const [node] = testnet.nodes;
  assert.equal(testnet.bootstrap, `[::1]:${node!.port}`);
  assert.equal(node!.contacts(), 3);
  const socket = dgram.createSocket("udp6");
  const ask = async (query: string, members: Record<string, unknown>) => {
    const reply = new Promise<Uint8Array>((resolve) => socket.once("message", resolve));
    const a = { id: Buffer.alloc(20, 1), ...members };
    socket.send(bencode.encode({ t: "aa", y: "q", q: query, ro: 1, a }), node!.port, "::1");
    return bencode.decode(Buffer.from(await reply)).r;
  };
  try {
    const { nodes, nodes6 } = await ask("find_node", { target: Buffer.alloc(20) });
    assert.equal(nodes, undefined);
    const named = parseCompactNodes(nodes6, 6);
    const others = testnet.nodes.slice(1).map(({ host, port }) => `${host} ${port}`);
    assert.deepEqual(named.map(({ host, port }) => `${host} ${port}`).sort(), others.sort());
    const infoHash = { info_hash: Buffer.alloc(20, 2) };
    const { token } = await ask("get_peers", infoHash);
    await ask("announce_peer", { ...infoHash, token, port: 7_001 });
    const { values } = await ask("get_peers", infoHash);
    const peer = Buffer.from([...Array(15).fill(0), 1, 7_001 >> 8, 7_001 & 0xff]);
    assert.deepEqual(values.map((one: Uint8Array) => Buffer.from(one)), [peer]);
    await ask("put", { token: (await ask("get", { target: Buffer.alloc(20) })).token, v: value });
    assert.equal(testnet.holders(node!.storedTargets()[0]!).length, 1);
    assert.deepEqual(node!.received.last[0], {
      query: "find_node",
      host: "::1",
      port: socket.address().port,
      senderHex: "01".repeat(20),
    });
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
});

Deno.test("a testnet has no nodes of both families", async () => {
  await assert.rejects(
    startTestnet({ nodes: 2, hosts: ["127.0.0.1", "::1"] }),
    (error) => error instanceof TestnetError && error.code === "BAD_OPTION",
  );
});
