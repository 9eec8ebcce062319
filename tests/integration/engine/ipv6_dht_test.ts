/**
 * Tests the DHT node of IPv6 (BEP 32), in networks of engines on ::1.
 */

import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { systemClock, toHex } from "../../../src/base/mod.ts";
import { type BDecoded, bencode, type BValue } from "../../../src/bencode/mod.ts";
import { DhtManager } from "../../../src/dht/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { signedItem } from "../../support/signed.ts";

const ENGINES = 10;
const salt = new Uint8Array();
const keys = keyPairFromSeed(new Uint8Array(32).fill(6));

function createSocket6(): Socket {
  return createSocket({
    type: "udp6",
    ipv6Only: true,
    lookup: (address, _options, done) => done(null, address, 6),
  });
}

/** Starts engines, all of which know the first one by its address of one family. */
async function startAll(stack: AsyncDisposableStack, host: "127.0.0.1" | "::1") {
  const engines: TestEngine[] = [];
  for (let i = 0; i < ENGINES; i++) {
    const bootstrap = engines.slice(0, 1).map(({ engine }) => ({ host, port: engine.port }));
    const engine = await TestEngine.start({ dht: true, bootstrap, createSocket6 });
    engines.push(stack.use(engine));
    await engine.engine.useIpv6(true);
  }
  return engines;
}

function managerOf({ engine }: TestEngine): DhtManager {
  return new DhtManager({ nodes: () => engine.nodes(), clock: systemClock });
}

/** A node in the tables of most others; those that started first do not hear of all. */
const hasTable = ({ engine }: TestEngine) => engine.dht6!.nodes >= 5;

Deno.test("a network with only IPv6 keeps records and finds peers", async () => {
  await using stack = new AsyncDisposableStack();
  const engines = await startAll(stack, "::1");
  await eventually(() => engines.every(hasTable), "the tables of IPv6 are filled");
  const [first, second] = [managerOf(engines[3]!), managerOf(engines[7]!)];
  const item = signedItem(keys, { salt, seq: 1, value: bencode("over IPv6") });
  const put = await first.put(item);
  assert.ok(put.byFamily![6]!.holding >= 5);
  assert.equal(put.byFamily![4], undefined, "the silent DHT of IPv4 is left out");
  assert.deepEqual((await second.get(item)).item, item);
  const infoHash = new Uint8Array(20).fill(9);
  assert.ok((await first.announcePeer(infoHash, 4_711)).byFamily![6]!.holding >= 5);
  assert.deepEqual((await second.findPeers(infoHash)).peers, [{ host: "::1", port: 4_711 }]);
  assert.equal(engines[3]!.engine.dhtState.state, "on");
  assert.deepEqual(engines[3]!.engine.dht6!.state, { state: "on" });
});

Deno.test("the table of IPv6 is filled over IPv4, and both DHTs are used", async () => {
  await using stack = new AsyncDisposableStack();
  const engines = await startAll(stack, "127.0.0.1");
  const known = engines[0]!.engine;
  await eventually(() => known.node()!.tableSize() >= 5, "the first engine is known over IPv4");
  // Nobody knows a node of IPv6, until one asks another.
  await TestEngine.start({
    dht: true,
    bootstrap: [{ host: "::1", port: known.port }],
    createSocket6,
  }).then((engine) => stack.use(engine).engine.useIpv6(true));
  await eventually(() => known.dht6!.nodes > 0, "one node of IPv6 knows another");
  const late = stack.use(
    await TestEngine.start({
      dht: true,
      bootstrap: [{ host: "127.0.0.1", port: known.port }],
      createSocket6,
    }),
  );
  await eventually(() => late.engine.node()!.tableSize() > 0, "the table of IPv4 is filled");
  assert.equal(late.engine.dht6, undefined);
  await late.engine.useIpv6(true);
  await eventually(() => late.engine.dht6!.nodes > 0, "nodes of IPv6 were learned over IPv4");
  const families = () => late.engine.nodes().map(({ family }) => family).join();
  // A node is lent once its table is filled.
  await eventually(() => families() === "4,6", "both nodes are lent");
  const item = signedItem(keys, { salt, seq: 2, value: bencode("over both") });
  const put = await managerOf(late).put(item);
  assert.ok(put.byFamily![4]!.holding > 0 && put.byFamily![6]!.holding > 0);
});

Deno.test("a node that loses IPv6 goes on over IPv4, and returns with the nodes that it knew", async () => {
  await using stack = new AsyncDisposableStack();
  const engines = await startAll(stack, "::1");
  await eventually(() => engines.every(hasTable), "the tables of IPv6 are filled");
  const { engine } = engines[5]!;
  await engine.useIpv6(false);
  assert.equal(engine.dht6, undefined);
  assert.deepEqual(engine.nodes().map(({ family }) => family), [4]);
  assert.ok(engine.knownNodes().some(({ host }) => host === "::1"), "they are saved");
  await engine.useIpv6(true);
  await eventually(() => hasTable(engines[5]!), "the table is filled again");
});

Deno.test("queries of IPv6 are answered by BEP 5 and BEP 32, and bad ones refused", async () => {
  await using stack = new AsyncDisposableStack();
  const engines = await startAll(stack, "::1");
  await eventually(() => engines.every(hasTable), "the tables of IPv6 are filled");
  const target = engines[2]!.engine;
  await using raw = await RawUdp.bind(0, "::1");
  const ask = (name: string, args: Record<string, BValue>) => raw.query(target.port, name, args);
  const codeOf = async (name: string, args: Record<string, BValue>) =>
    ((await ask(name, args)).get("e") as BDecoded[] | undefined)?.[0];
  const infoHash = new Uint8Array(20).fill(3);
  assert.equal(toHex((await ask("ping", {})).get("id") as Uint8Array), target.dht6!.nodeIdHex);
  const found = await ask("find_node", { target: infoHash });
  const { length } = found.get("nodes6") as Uint8Array;
  assert.ok(length >= 5 * 38 && length <= 8 * 38 && length % 38 === 0);
  assert.ok(!found.has("nodes"));
  const both = await ask("find_node", { target: infoHash, want: ["n4", "n6"] });
  assert.ok(both.has("nodes") && both.has("nodes6"));
  const odd = await ask("find_node", { target: infoHash, want: ["n9", 5, []] });
  assert.ok(odd.has("nodes6") && !odd.has("nodes"));
  const peers = await ask("get_peers", { info_hash: infoHash });
  assert.ok(!peers.has("values"));
  const token = peers.get("token") as Uint8Array;
  const announcement = { info_hash: infoHash, port: 7_000 };
  const foreign = new Uint8Array(8);
  assert.equal(await codeOf("announce_peer", { ...announcement, token: foreign }), 203);
  assert.equal(await codeOf("announce_peer", { ...announcement, port: 53, token }), 203);
  assert.equal(await codeOf("announce_peer", { ...announcement, token }), undefined);
  const compact = Uint8Array.of(...new Uint8Array(15), 1, 7_000 >> 8, 7_000 & 255);
  assert.deepEqual((await ask("get_peers", { info_hash: infoHash })).get("values"), [compact]);
  for (const name of ["find_node", "get_peers", "announce_peer", "get", "put"]) {
    assert.equal(await codeOf(name, {}), 203, name);
  }
  assert.equal(await codeOf("vote", {}), 204);
});

Deno.test("a node of IPv6 moves to another address, and announcements wait until it is answered there", async () => {
  await using stack = new AsyncDisposableStack();
  const engines = await startAll(stack, "::1");
  await eventually(() => engines.every(hasTable), "the tables of IPv6 are filled");
  const { engine } = engines[3]!;
  await eventually(() => engine.canAnnounce, "the node is answered");
  const moved = engine.useIpv6(true, "::1");
  // The launcher tells both at once.
  engine.networkChanged();
  assert.equal(engine.canAnnounce, false);
  await moved;
  await eventually(() => engine.canAnnounce, "the node is answered at its new address");
  assert.deepEqual(engine.dht6!.state, { state: "on" });
  const infoHash = new Uint8Array(20).fill(4);
  await managerOf(engines[3]!).announcePeer(infoHash, 4_712);
  const { peers } = await managerOf(engines[5]!).findPeers(infoHash);
  assert.deepEqual(peers, [{ host: "::1", port: 4_712 }]);
});

Deno.test("a node of IPv6 that nobody answers delays announcements for five seconds only", async () => {
  await using stack = new AsyncDisposableStack();
  const [first, second] = [
    stack.use(await TestEngine.start({ dht: true, createSocket6 })),
    stack.use(await TestEngine.start({ dht: true, createSocket6 })),
  ];
  first.engine.addBootstrap([{ host: "127.0.0.1", port: second.engine.port }]);
  await eventually(() => first.engine.canAnnounce, "the node of IPv4 is answered");
  await first.engine.useIpv6(true);
  assert.equal(first.engine.canAnnounce, false);
  await eventually(() => first.engine.canAnnounce, "the node of IPv6 is waited for no longer");
  assert.equal(first.engine.dht6!.state.state, "on");
});
