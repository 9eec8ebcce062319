import assert from "node:assert/strict";
import dgram, { type Socket } from "node:dgram";
import { systemClock, toHex } from "../../../src/base/mod.ts";
import { type AnnounceReport, Reannouncer } from "../../../src/dht/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { targetOf } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { testInOwnProcess } from "../../support/own_process.ts";
import { udpSocketsOf } from "../../support/sockets.ts";
import { keepRecord } from "../../support/keep_record.ts";
import { signedItem } from "../../support/signed.ts";

/**
 * Maximum packets to a dead node: one query of the lookup. The put that follows must not query the
 * dead node again.
 */
const MOST_TO_DEAD = 1;
const salt = new TextEncoder().encode("a salt");

/** Makes a UDP socket that counts the packets sent to each port. */
function counted(sent: Map<number, number>): Socket {
  const socket = dgram.createSocket("udp4");
  const send = socket.send.bind(socket) as (...args: unknown[]) => void;
  socket.send = ((...args: unknown[]) => {
    const port = args[3] as number;
    sent.set(port, (sent.get(port) ?? 0) + 1);
    send(...args);
  }) as Socket["send"];
  return socket;
}

Deno.test("a record survives the death of half of its holders, and ten other engines find it", async () => {
  await using testnet = await startTestnet({ nodes: 50, nodesPerAnswer: 8 });
  await using publisher = await TestEngine.start({ testnet });
  const keys = generateKeyPair();
  const item = signedItem(keys, { salt, seq: 1, value: bencode({ hello: "world" }) });
  const target = toHex(targetOf(keys.publicKey, salt));
  const reports: AnnounceReport[] = [];
  const reannouncer = new Reannouncer({
    announcer: publisher.manager(),
    clock: systemClock,
    intervalMs: 3_600_000,
    port: publisher.engine.port,
    onReport: (report) => reports.push(report),
  });
  try {
    await eventually(() => publisher.engine.node()!.tableSize() >= 8, "the table is filled");
    keepRecord(reannouncer, item, 0);
    await eventually(() => reports.length === 1, "it has been announced");
    assert.equal(testnet.holders(target).length, 8);

    // The bootstrap node has to survive, so it is not among the killed holders.
    const doomed = testnet.holders(target).filter((node) => node !== testnet.nodes[0]).slice(0, 4);
    for (const holder of doomed) await holder.kill();
    assert.equal(testnet.holders(target).length, 4);
    const again = await reannouncer.announceNow(target);
    assert.equal(again!.failures, 0);
    assert.equal(again!.put!.holding, 8);
    assert.equal(again!.put!.stored, 4);
    assert.equal(testnet.holders(target).length, 8);
  } finally {
    reannouncer.stop();
  }
  const others = await Promise.all(Array.from({ length: 10 }, () => TestEngine.start({ testnet })));
  try {
    for (const other of others) {
      const got = await other.manager().get({ publicKey: keys.publicKey, salt });
      assert.deepEqual(got.item, item);
    }
  } finally {
    await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
  }
});

// The test runs in a process of its own, because it counts all open sockets and other test files
// open sockets too.
testInOwnProcess(
  import.meta.url,
  "all that an engine and its borrowers send leaves from one UDP socket, on the engine's port",
  async () => {
    await using testnet = await startTestnet({ nodes: 30 });
    const before = await udpSocketsOf(Deno.pid);
    await using at = await TestEngine.start({ testnet });
    const managers = [at.manager(), at.manager(), at.manager()];
    const item = signedItem(generateKeyPair(), { salt, seq: 1, value: bencode("x") });
    await managers[0]!.put(item);
    await managers[1]!.get(item);
    await managers[2]!.announcePeer(new Uint8Array(20), at.engine.port);
    await managers[2]!.findPeers(new Uint8Array(20));

    // A node of another test that runs at the same time may still query a port that is the testnet's now.
    const ownHex = toHex(at.engine.node()!.id);
    const received = testnet.nodes.flatMap(({ received }) => received.last)
      .filter(({ senderHex }) => senderHex === ownHex);
    const names = new Set(received.map(({ query }) => query));
    assert.deepEqual([...names].sort(), ["announce_peer", "find_node", "get", "get_peers", "put"]);
    assert.deepEqual([...new Set(received.map(({ port }) => port))], [at.engine.port]);
    const known = new Set(before.map(({ port }) => port));
    const opened = (await udpSocketsOf(Deno.pid)).filter(({ port }) => !known.has(port));
    assert.deepEqual(opened, [{ address: "0.0.0.0", port: at.engine.port }]);
  },
);

Deno.test("dead nodes leave the routing table, and cost lookups few packets until then", async () => {
  await using testnet = await startTestnet({ nodes: 40 });
  /** Number of packets that the engine sent to each UDP port, and so to each node. */
  const sent = new Map<number, number>();
  await using at = await TestEngine.start({ testnet, createSocket: () => counted(sent) });
  const manager = at.manager();
  const random = () => crypto.getRandomValues(new Uint8Array(20));
  await eventually(() => at.engine.node()!.tableSize() >= 8, "the table is filled");
  for (let i = 0; i < 10; i++) await manager.findPeers(random());
  const dead = new Set(testnet.nodes.slice(20).map(({ idHex }) => idHex));
  for (const node of testnet.nodes.slice(20)) await node.kill();
  const deadPorts = testnet.nodes.slice(20).map(({ port }) => port);
  const inTable = () => at.engine.knownNodes().filter(({ id }) => dead.has(toHex(id!))).length;
  const toLose = inTable();
  assert.ok(toLose > 5, `${toLose} to lose`);
  const item = signedItem(generateKeyPair(), { salt, seq: 1, value: bencode("x") });
  sent.clear();
  const put = await manager.put(item);
  assert.equal(put.holding, 8, JSON.stringify(put));
  const toDead = deadPorts.map((port) => sent.get(port) ?? 0);
  assert.ok(Math.max(...toDead) <= MOST_TO_DEAD, `${toDead}`);
  await eventually(async () => {
    await manager.findPeers(random());
    return inTable() < toLose / 3;
  }, "most of the dead have left the table");
});
