/**
 * Downloads among peers of which all but one mean no good, and a seeder that they ask: what comes is
 * what was asked for, it comes to an end, and memory stays bounded.
 *
 * @module
 */

import assert from "node:assert/strict";
import { concatBytes, equalBytes } from "../../src/base/mod.ts";
import { eventually, TestEngine } from "../support/engines.ts";
import { testInOwnProcess } from "../support/own_process.ts";
import { HostileProcess, hostileSample, namesOfWays } from "../support/hostile_process.ts";
import { sampleTorrent } from "../support/torrents.ts";
import { extendedMessage, WirePeer } from "../support/wire_peer.ts";

const MIB = 2 ** 20;
const PEERS = 20;
const BYTES = 8 * MIB;
const sample = hostileSample(BYTES);

/** Downloads without the `.torrent` from one honest peer, which comes last, and hostile ones. */
async function downloadAmong(
  ways: string[],
  direction: "that we dial" | "that dial us",
): Promise<void> {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using leecher = await TestEngine.start();
  using ended = new DisposableStack();
  const before = Deno.memoryUsage().rss;
  let grown = 0;
  const timer = setInterval(() => grown = Math.max(grown, Deno.memoryUsage().rss - before), 10);
  ended.defer(() => clearInterval(timer));
  const downloading = leecher.download(sample, []);
  downloading.catch(() => {});
  await eventually(() => leecher.engine.torrents().length === 1, "it waits for peers");
  const isDialled = direction === "that dial us";
  await using hostile = new HostileProcess({
    lengthBytes: BYTES,
    ways,
    ...isDialled && { port: leecher.engine.port },
  });
  leecher.engine.addPeers(sample.infoHashHex, await hostile.addresses());
  // They have their say before anybody else.
  await eventually(() => hostile.idle().length === 0, "each has done harm").catch((cause) => {
    throw new Error(`no harm from: ${hostile.idle().join(", ")}`, { cause });
  });
  leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, sample.content));
  assert.ok(grown < 200 * MIB, `${(grown / MIB).toFixed(0)} MiB`);
}

const testMemory = (name: string, run: () => Promise<void>) =>
  testInOwnProcess(import.meta.url, name, run);

for (const direction of ["that we dial", "that dial us"] as const) {
  testMemory(
    `a download among hostile peers ${direction}, one of each way, is whole`,
    () => downloadAmong(namesOfWays(), direction),
  );

  testMemory(`a download among ${PEERS} peers ${direction} and send noise is whole`, () => {
    const [all, some] = ["sends noise for every block", "sends noise for one block of twenty"];
    return downloadAmong(Array.from({ length: PEERS }, (_, i) => i % 2 ? all! : some!), direction);
  });

  testMemory(`a download among ${PEERS} peers ${direction} and are silent is whole`, () => {
    return downloadAmong(Array(PEERS).fill("has everything and sends nothing"), direction);
  });
}

Deno.test("metadata of another torrent is not taken from a peer that dials us", async () => {
  await using leecher = await TestEngine.start();
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  const downloading = leecher.download(sample, []);
  await eventually(() => leecher.engine.torrents().length === 1, "it waits for peers");
  const other = sampleTorrent(8 * MIB, { seed: 2 });
  const info = other.torrent.subarray("d4:info".length, other.torrent.length - 1);
  using peer = await WirePeer.dial(leecher.engine.port, sample, {
    opened: (peer) =>
      peer.send(
        extendedMessage(0, { m: { ut_metadata: 1 }, metadata_size: info.length }),
        extendedMessage(1, { msg_type: 1, piece: 0, total_size: info.length }, info),
      ),
  });
  await eventually(() => peer.closed, "it is hung up on");
  assert.equal(leecher.engine.torrents()[0]!.infoHashHex, sample.infoHashHex);
  leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, sample.content));
});

Deno.test("metadata that changes while it is hashed is not taken", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using leecher = await TestEngine.start();
  const downloading = leecher.download(sample, []);
  await eventually(() => leecher.engine.torrents().length === 1, "it waits for peers");
  const info = sample.torrent.subarray("d4:info".length, sample.torrent.length - 1);
  const wrong = info.slice().fill(0x78, info.length - 20, info.length - 1);
  const part = (bytes: Uint8Array) =>
    extendedMessage(1, { msg_type: 1, piece: 0, total_size: info.length }, bytes);
  using _peer = await WirePeer.dial(leecher.engine.port, sample, {
    opened: (peer) =>
      peer.send(
        extendedMessage(0, { m: { ut_metadata: 1 }, metadata_size: info.length }),
        concatBytes(part(info), ...Array.from({ length: 50 }, () => part(wrong))),
      ),
  });
  await eventually(() => leecher.engine.torrents()[0]!.lengthBytes > 0, "the first counts");
  // By the wrong one the last piece would be wrong whoever sends it.
  leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, sample.content));
});

testMemory(
  "a peer that has the metadata sent over and over and reads nothing is hung up on",
  async () => {
    const many = sampleTorrent(48 * MIB, { pieceBytes: 16 * 1024 });
    await using seeder = await TestEngine.start();
    await seeder.seed(many);
    const before = Deno.memoryUsage().rss;
    using peer = await WirePeer.dial(seeder.engine.port, many, { reads: false });
    await eventually(() => seeder.engine.torrents()[0]!.peers === 1, "it is a peer");
    await peer.send(extendedMessage(0, { m: { ut_metadata: 1 } }));
    const request = extendedMessage(1, { msg_type: 0, piece: 0 });
    await peer.send(...Array.from({ length: 20_000 }, () => request));
    await eventually(() => seeder.engine.torrents()[0]!.peers === 0, "the engine has hung up");
    const grown = Deno.memoryUsage().rss - before;
    assert.ok(grown < 100 * MIB, `${(grown / MIB).toFixed(0)} MiB`);
  },
);

Deno.test("a peer that asks for parts of the metadata that there are not is hung up on", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  for (const piece of [-1, 1, 2 ** 31]) {
    using peer = await WirePeer.dial(seeder.engine.port, sample, {
      opened: (peer) => peer.send(extendedMessage(0, { m: { ut_metadata: 1 } })),
    });
    await eventually(async () => {
      await peer.send(extendedMessage(1, { msg_type: 0, piece }));
      return peer.closed;
    }, `the engine has hung up on who asked for ${piece}`);
  }
});
