/**
 * Tests which addresses named by untrusted peers and nodes the engine connects to or queries. Real
 * sockets count the connections. Unlike with `--allow-local`, addresses of this machine are not
 * exempt from the rules.
 */

import assert from "node:assert/strict";
import { concatBytes, systemClock } from "../../../src/base/mod.ts";
import { compactNodes } from "../../../src/base/compact_nodes.ts";
import type { PeerCounts } from "../../../src/engine/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import type { WorkerEvent } from "../../../src/worker/mod.ts";
import { WorkerRuntime } from "../../../src/worker/runtime.ts";
import { addressOf, eventually, TestEngine } from "../../support/engines.ts";
import { compactPeer, gossip } from "../../support/peer_exchange.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { WireListener, wireMessage } from "../../support/wire_peer.ts";

const sample = sampleTorrent(64 * 1024);
const host = "127.0.0.1";
const isFreeHost = () => false;

/**
 * Listens on a port below 1024, over TCP or UDP. Returns `undefined` if the process has no
 * privilege for such ports.
 */
async function belowUserPorts<T>(listen: (port: number) => T | Promise<T>): Promise<T | undefined> {
  for (let port = 1_023; port > 600; port--) {
    try {
      return await listen(port);
    } catch (error) {
      const { code } = error as { code?: string };
      if (error instanceof Deno.errors.AddrInUse || code === "EADDRINUSE") continue;
      return undefined;
    }
  }
  return undefined;
}

const mayListen = await belowUserPorts((port) => {
  Deno.listen({ hostname: host, port }).close();
  return true;
});
const ignore = !mayListen;

/** Opens two listeners for peers: one on a port below 1024, one on a higher port. */
async function listeners() {
  const service = await belowUserPorts((port) => new WireListener(sample, () => ({}), port));
  const peer = new WireListener(sample, () => ({}));
  return {
    service: service!,
    peer,
    [Symbol.dispose]() {
      service![Symbol.dispose]();
      peer[Symbol.dispose]();
    },
  };
}

/** Starts a download that is cancelled at the end of the `using` block. */
function download(at: TestEngine, peers: { host: string; port: number }[]) {
  const ending = new AbortController();
  const under: { reach?: PeerCounts; told: number } = { told: 0 };
  const ended = at.engine.download({
    infoHashHex: sample.infoHashHex,
    filePath: at.path("downloaded"),
    maxBytes: 1 << 20,
    peers,
    signal: ending.signal,
    onProgress({ reach }) {
      under.reach = reach;
      under.told++;
    },
  }).catch(() => {});
  return {
    reach: () => under.reach,
    told: () => under.told,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await ended;
    },
  };
}

Deno.test({
  name: "a peer passed in, as from a magnet link, is dialled only at a peer's port",
  ignore,
  async fn() {
    await using at = await TestEngine.start({ isFreeHost });
    using named = await listeners();
    await using under = download(at, [named.service.address, named.peer.address]);
    await eventually(() => named.peer.dialled === 1, "the peer is dialled");
    await eventually(() => under.reach()?.refused === 1, "the other is refused");
    assert.equal(named.service.dialled, 0);
  },
});

Deno.test({
  name: "peers found through the DHT are dialled only at a peer's port",
  ignore,
  async fn() {
    await using testnet = await startTestnet({ nodes: 6 });
    using named = await listeners();
    await using raw = await RawUdp.bind();
    for (const { port } of testnet.nodes) {
      const args = { info_hash: sample.infoHash };
      const token = (await raw.query(port, "get_peers", args)).get("token") as Uint8Array;
      for (const listener of [named.service, named.peer]) {
        await raw.query(port, "announce_peer", { ...args, token, port: listener.address.port });
      }
    }
    const events: WorkerEvent[] = [];
    const runtime = new WorkerRuntime(systemClock, (event) => events.push(event));
    await using at = await TestEngine.start();
    await runtime.start({
      port: 0,
      dht: true,
      bootstrap: [addressOf(testnet.bootstrap)],
      knownNodes: [],
      maxConnections: 50,
      maxIncoming: 50,
      encryption: "prefer",
      readOnly: false,
      allowLocal: false,
      lan: false,
      storeNodes: 8,
      minNodes: 8,
      dhtPacketsPerSecond: 1_000,
      uploadBytesPerSecond: 0,
      downloadBytesPerSecond: 0,
      reannounceIntervalMs: 3_600_000,
    });
    try {
      const ended = runtime.download(1, {
        infoHashHex: sample.infoHashHex,
        filePath: at.path("downloaded"),
        maxBytes: 1 << 20,
        peers: [],
      }).catch(() => {});
      await eventually(() => named.peer.dialled > 0, "the peer is dialled");
      await eventually(
        () => events.some((one) => one.event === "progress" && one.progress.reach.refused > 0),
        "the other is refused",
      );
      assert.equal(named.service.dialled, 0);
      await runtime.cancel(1);
      await ended;
    } finally {
      await runtime.stop(3_000);
    }
  },
});

Deno.test({
  name: "peers named by a peer (BEP 11) are dialled only at a peer's port",
  ignore,
  async fn() {
    await using at = await TestEngine.start({ isFreeHost });
    using named = await listeners();
    const added = concatBytes(compactPeer(named.service.address), compactPeer(named.peer.address));
    using talkative = new WireListener(sample, () => gossip({ added }));
    await using under = download(at, [talkative.address]);
    await eventually(() => named.peer.dialled === 1, "the peer is dialled");
    await eventually(() => under.reach()?.refused === 1, "the other is refused");
    assert.equal(named.service.dialled, 0);
  },
});

Deno.test({
  name: "DHT nodes with a port below 1024 are neither queried nor answered",
  ignore,
  async fn() {
    await using testnet = await startTestnet({ nodes: 8 });
    await using service = (await belowUserPorts((port) => RawUdp.bind(port)))!;
    await using liar = await RawUdp.bind();
    let knocks = 0;
    service.onPacket = () => knocks++;
    const named = compactNodes([{ id: service.id, host, port: service.port }], 4);
    let asked = 0;
    liar.answer = (message) => {
      asked++;
      const t = message.get("t") as Uint8Array;
      return bencode({ t, y: "r", r: { id: liar.id, nodes: named, token: "t" } });
    };
    await using at = await TestEngine.start({ testnet, isFreeHost });
    // The node is added to the routing table, so that lookups by npm:k-rpc meet it as well as
    // lookups by libreseed.
    await liar.query(at.engine.port, "ping", {});
    await service.send(
      bencode({ t: "aa", y: "q", q: "ping", a: { id: service.id } }),
      at.engine.port,
    );
    await eventually(() => at.engine.node()!.tableSize() >= 9, "the liar is in the table");
    const before = asked;
    await at.manager().findPeers(new Uint8Array(service.id));
    await at.manager().findPeers(new Uint8Array(liar.id));
    assert.ok(asked > before, "the liar was asked");
    assert.ok(at.engine.dhtTraffic!.limited > 0, "the query from there was dropped");
    // A peer announces the UDP port of its DHT node (PORT message, BEP 5).
    const port = Uint8Array.of(service.port >> 8, service.port & 0xff);
    using peer = new WireListener(
      sample,
      () => ({ opened: (one) => one.send(wireMessage(9, port)) }),
    );
    await using other = await TestEngine.start({ testnet, isFreeHost });
    await using _under = download(other, [peer.address]);
    await eventually(() => other.engine.dhtTraffic!.unsent > 0, "a ping to there was not sent");
    assert.equal(knocks, 0);
  },
});

Deno.test({
  name: "a bootstrap address is queried at any port, because the user has named it",
  ignore,
  async fn() {
    await using service = (await belowUserPorts((port) => RawUdp.bind(port)))!;
    let knocks = 0;
    service.onPacket = () => knocks++;
    await using _at = await TestEngine.start({
      dht: true,
      bootstrap: [{ host, port: service.port }],
      isFreeHost,
    });
    await eventually(() => knocks > 0, "it is asked");
  },
});

Deno.test("a peer announced with a port below 1024 is not named to others", async () => {
  await using at = await TestEngine.start({ dht: true });
  await using raw = await RawUdp.bind();
  const args = { info_hash: sample.infoHash };
  const ask = () => raw.query(at.engine.port, "get_peers", args);
  const token = (await ask()).get("token") as Uint8Array;
  for (const port of [22, 25, 53, 1_023]) {
    const answer = await raw.query(at.engine.port, "announce_peer", { ...args, token, port });
    assert.equal((answer.get("e") as [number])[0], 203, `${port}`);
  }
  assert.ok(!(await ask()).has("values"));
  await raw.query(at.engine.port, "announce_peer", { ...args, token, port: 443 });
  assert.equal(((await ask()).get("values") as Uint8Array[]).length, 1);
});

Deno.test("at most eight ports of one address are dialled", async () => {
  await using at = await TestEngine.start({ isFreeHost });
  using stack = new DisposableStack();
  const named = Array.from({ length: 12 }, () => stack.use(new WireListener(sample, () => ({}))));
  await using under = download(at, named.map(({ address }) => address));
  await eventually(() => under.reach()?.refused === 4, "four are refused");
  await eventually(() => under.reach()?.met === 8, "eight are met");
  assert.equal(named.filter(({ dialled }) => dialled > 0).length, 8);
});

Deno.test("an address is not dialled again after six failures", async () => {
  await using at = await TestEngine.start({ isFreeHost });
  let knocks = 0;
  using listener = Deno.listen({ hostname: host, port: 0 });
  void (async () => {
    for await (const connection of listener) {
      knocks++;
      connection.close();
    }
  })().catch(() => {});
  const address = { host, port: listener.addr.port };
  await using under = download(at, [address]);
  await eventually(() => {
    at.engine.addPeers(sample.infoHashHex, [address]);
    return knocks >= 6;
  }, "it is dialled six times");
  using peer = new WireListener(sample, () => ({}));
  await eventually(() => {
    at.engine.addPeers(sample.infoHashHex, [address, peer.address]);
    return under.reach()?.met === 1;
  }, "a peer named after it is met");
  for (let i = 0; i < 50; i++) at.engine.addPeers(sample.infoHashHex, [address]);
  assert.equal(knocks, 6);
});

const own = Deno.networkInterfaces()
  .find(({ family, address }) => family === "IPv4" && !address.startsWith("127."))?.address;

Deno.test({
  name: "an engine does not keep itself as a peer, by loopback or another address of this machine",
  ignore: own === undefined,
  async fn() {
    await using at = await TestEngine.start({ isFreeHost });
    const { port } = at.engine;
    using peer = new WireListener(sample, () => ({}));
    const named = [{ host, port }, { host: own!, port }, peer.address];
    await using under = download(at, named);
    await eventually(() => under.reach()?.met === 1, "the other peer is met");
    await eventually(() => under.reach()?.known === 1, "and nobody else is known");
    const before = under.told();
    await eventually(() => {
      at.engine.addPeers(sample.infoHashHex, named);
      return under.told() > before + 3;
    }, "it is told again who is known");
    const { known, tried, met } = under.reach()!;
    assert.deepEqual({ known, tried, met }, { known: 1, tried: 1, met: 1 });
  },
});
