/** Tests connections between engines by TCP and by uTP, on real sockets of 127.0.0.1. */

import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { equalBytes } from "../../../src/base/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

function createSocket6(): Socket {
  return createSocket({ type: "udp6", ipv6Only: true });
}

const sample = sampleTorrent(6 * 1024 * 1024, { seed: 5 });

for (const encryption of ["off", "require"] as const) {
  Deno.test(`a download and a seeder with uTP alone exchange an archive, encryption ${encryption}`, async () => {
    const options = { transport: "utp", dht: true, encryption } as const;
    await using seeder = await TestEngine.start(options);
    await using leecher = await TestEngine.start(options);
    await seeder.seed(sample);
    assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
    const [up, down] = [seeder.engine.utp!, leecher.engine.utp!];
    assert.equal(down.dialled, 1);
    assert.equal(up.accepted, 1);
    assert.ok(up.bytesOut > sample.content.length && down.bytesIn > sample.content.length);
    assert.ok(seeder.engine.dhtTraffic!.bytesOut < 10_000, "uTP is not counted as DHT");
  });
}

Deno.test("an archive is exchanged by uTP over IPv6, on the socket of that family's DHT node", async () => {
  const options = { transport: "utp", dht: true, createSocket6 } as const;
  await using seeder = await TestEngine.start(options);
  await using leecher = await TestEngine.start(options);
  for (const { engine } of [seeder, leecher]) await engine.useIpv6(true);
  await seeder.seed(sample);
  const peers = [{ host: "::1", port: seeder.engine.port }];
  assert.ok(equalBytes(await leecher.download(sample, [], { peers }), sample.content));
  assert.equal(leecher.engine.utp!.dialled, 1);
  assert.equal(seeder.engine.utp!.accepted, 1);
  const before = { utp: seeder.engine.utp!, dht: seeder.engine.dht6!.traffic };
  for (const isUsed of [false, true]) {
    await seeder.engine.useIpv6(isUsed);
    const after = { utp: seeder.engine.utp!, dht: seeder.engine.dht6?.traffic };
    for (const key of ["packetsIn", "bytesIn", "packetsOut", "bytesOut"] as const) {
      assert.ok(after.utp[key] >= before.utp[key], `the node has ended: ${key} of uTP`);
      if (after.dht) assert.ok(after.dht[key] >= before.dht[key], `${key} of the DHT`);
    }
    assert.equal(after.utp.accepted, 1);
    assert.equal(after.utp.connections, 0);
  }
});

for (const [ours, theirs] of [["both", "utp"], ["utp", "both"]] as const) {
  Deno.test(`a download with ${ours} finds a seeder with ${theirs}`, async () => {
    await using seeder = await TestEngine.start({ transport: theirs, dht: true });
    await using leecher = await TestEngine.start({ transport: ours, dht: true });
    await seeder.seed(sample);
    assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
    assert.equal(seeder.engine.utp!.accepted, 1);
  });
}

for (const theirs of ["both", "tcp"] as const) {
  Deno.test(`a download with both transports takes TCP from a seeder with ${theirs}`, async () => {
    await using seeder = await TestEngine.start({ transport: theirs, dht: true });
    await using leecher = await TestEngine.start({ transport: "both", dht: true });
    await seeder.seed(sample);
    assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
    assert.ok(leecher.engine.utp!.bytesIn < 10_000);
  });
}

Deno.test("only a connection by TCP counts as one that came in from outside", async () => {
  const incoming: string[] = [];
  const onIncoming = (host: string) => incoming.push(host);
  await using seeder = await TestEngine.start({ dht: true, onIncoming });
  await using byUtp = await TestEngine.start({ transport: "utp", dht: true });
  await using byTcp = await TestEngine.start({ transport: "tcp", dht: true });
  await seeder.seed(sample);
  await byUtp.download(sample, [seeder]);
  assert.equal(seeder.engine.utp!.accepted, 1);
  assert.deepEqual(incoming, []);
  await byTcp.download(sample, [seeder]);
  assert.equal(incoming.length, 1);
});

Deno.test("peers are counted by their transport", async () => {
  await using seeder = await TestEngine.start({ dht: true });
  await using byUtp = await TestEngine.start({ transport: "utp", dht: true });
  await using byTcp = await TestEngine.start({ transport: "tcp", dht: true });
  await seeder.seed(sample);
  // A limit keeps the downloads under way.
  const abort = new AbortController();
  const downloads = [byUtp, byTcp].map((leecher) => {
    leecher.engine.setLimits({ downloadBytesPerSecond: 50_000, uploadBytesPerSecond: 0 });
    return leecher.download(sample, [seeder], { signal: abort.signal }).catch(() => {});
  });
  await eventually(() => {
    const { peersConnected, peersByUtp } = seeder.engine.totals();
    return peersConnected === 2 && peersByUtp === 1;
  }, "one peer by each");
  assert.equal(byTcp.engine.utp, undefined);
  abort.abort();
  await Promise.all(downloads);
});

Deno.test("an engine without a DHT node, and so without a UDP socket, uses TCP", async () => {
  await using seeder = await TestEngine.start({ dht: false });
  await using leecher = await TestEngine.start({ dht: false });
  await seeder.seed(sample);
  assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
});
