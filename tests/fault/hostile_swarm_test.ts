/**
 * Tests downloads from swarms in which all peers but one are hostile, and seeders to which hostile
 * peers connect. Downloads end with the right bytes, and memory stays bounded.
 */

import assert from "node:assert/strict";
import { concatBytes, equalBytes } from "../../src/base/mod.ts";
import { eventually, TestEngine } from "../support/engines.ts";
import { testInOwnProcess } from "../support/own_process.ts";
import { HostileProcess, hostileSample, namesOfWays } from "../support/hostile_process.ts";
import { oddRanges, writeRanges } from "../support/reuse.ts";
import { sampleTorrent } from "../support/torrents.ts";
import { extendedMessage, WirePeer } from "../support/wire_peer.ts";

const MIB = 2 ** 20;
const PEERS = 20;
const BYTES = 8 * MIB;
const sample = hostileSample(BYTES);

/**
 * Starts a download from a magnet link among hostile peers. The one honest peer joins last.
 *
 * @param reuses whether ranges of half of the archive, some of them wrong, are in the file and are offered
 */
async function downloadAmong(
  ways: string[],
  direction: "that we dial" | "that dial us",
  reuses = false,
): Promise<void> {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using leecher = await TestEngine.start();
  using ended = new DisposableStack();
  const before = Deno.memoryUsage().rss;
  let grown = 0;
  const timer = setInterval(() => grown = Math.max(grown, Deno.memoryUsage().rss - before), 10);
  ended.defer(() => clearInterval(timer));
  const ranges = reuses ? oddRanges(BYTES) : [];
  if (reuses) {
    const old = sample.content.slice();
    for (const { startBytes } of ranges.filter((_, i) => i % 9 === 0)) old[startBytes]! ^= 1;
    await writeRanges(leecher.path("downloaded"), old, ranges);
  }
  const downloading = leecher.download(sample, [], { reuse: reuses });
  downloading.catch(() => {});
  await eventually(() => leecher.engine.torrents().length === 1, "it waits for peers");
  const offered = leecher.engine.downloadOf(sample.infoHashHex)!.offerReused(ranges);
  const isDialled = direction === "that dial us";
  await using hostile = new HostileProcess({
    lengthBytes: BYTES,
    ways,
    ...isDialled && { port: leecher.engine.port },
  });
  leecher.engine.addPeers(sample.infoHashHex, await hostile.addresses());
  // The honest peer joins only after each hostile peer has acted.
  await eventually(() => hostile.idle().length === 0, "each hostile peer has acted").catch(
    (cause) => {
      throw new Error(`no harm from: ${hostile.idle().join(", ")}`, { cause });
    },
  );
  leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, sample.content));
  assert.ok(grown < 200 * MIB, `${(grown / MIB).toFixed(0)} MiB`);
  const { reusedBytes } = await offered;
  assert.equal(reusedBytes > 0, reuses);
}

const testMemory = (name: string, run: () => Promise<void>) =>
  testInOwnProcess(import.meta.url, name, run);

for (const direction of ["that we dial", "that dial us"] as const) {
  testMemory(
    `a download among hostile peers ${direction}, one of each kind, completes`,
    () => downloadAmong(namesOfWays(), direction),
  );

  testMemory(
    `a download that reuses bytes among hostile peers ${direction}, one of each kind, completes`,
    () => downloadAmong(namesOfWays(), direction, true),
  );

  testMemory(`a download among ${PEERS} peers ${direction} and send noise completes`, () => {
    const [all, some] = ["sends noise for every block", "sends noise for one block of twenty"];
    return downloadAmong(Array.from({ length: PEERS }, (_, i) => i % 2 ? all! : some!), direction);
  });

  testMemory(`a download among ${PEERS} peers ${direction} and stay silent completes`, () => {
    return downloadAmong(Array(PEERS).fill("has everything and sends nothing"), direction);
  });
}

Deno.test("the engine rejects another torrent's metadata from a peer that dials us", async () => {
  await using leecher = await TestEngine.start();
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  const downloading = leecher.download(sample, []);
  await eventually(() => leecher.engine.torrents().length === 1, "the torrent waits for peers");
  const other = sampleTorrent(8 * MIB, { seed: 2 });
  const info = other.torrent.subarray("d4:info".length, other.torrent.length - 1);
  using peer = await WirePeer.dial(leecher.engine.port, sample, {
    opened: (peer) =>
      peer.send(
        extendedMessage(0, { m: { ut_metadata: 1 }, metadata_size: info.length }),
        extendedMessage(1, { msg_type: 1, piece: 0, total_size: info.length }, info),
      ),
  });
  await eventually(() => peer.closed, "the peer is disconnected");
  assert.equal(leecher.engine.torrents()[0]!.infoHashHex, sample.infoHashHex);
  leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, sample.content));
});

Deno.test("metadata that a peer changes while it is hashed is not used", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using leecher = await TestEngine.start();
  const downloading = leecher.download(sample, []);
  await eventually(() => leecher.engine.torrents().length === 1, "the torrent waits for peers");
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
  await eventually(
    () => leecher.engine.torrents()[0]!.lengthBytes > 0,
    "the first metadata is accepted",
  );
  // If the engine used the forged metadata, the last piece of every peer would fail its hash check.
  leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, sample.content));
});

testMemory(
  "the engine disconnects a peer that requests metadata repeatedly and reads nothing",
  async () => {
    const many = sampleTorrent(48 * MIB, { pieceBytes: 16 * 1024 });
    await using seeder = await TestEngine.start();
    await seeder.seed(many);
    const before = Deno.memoryUsage().rss;
    using peer = await WirePeer.dial(seeder.engine.port, many, { reads: false });
    await eventually(() => seeder.engine.torrents()[0]!.peers === 1, "the peer is connected");
    await peer.send(extendedMessage(0, { m: { ut_metadata: 1 } }));
    const request = extendedMessage(1, { msg_type: 0, piece: 0 });
    await peer.send(...Array.from({ length: 20_000 }, () => request));
    await eventually(() => seeder.engine.torrents()[0]!.peers === 0, "the engine has disconnected");
    const grown = Deno.memoryUsage().rss - before;
    assert.ok(grown < 100 * MIB, `${(grown / MIB).toFixed(0)} MiB`);
  },
);

Deno.test("the engine disconnects a peer that requests metadata pieces that do not exist", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  for (const piece of [-1, 1, 2 ** 31]) {
    using peer = await WirePeer.dial(seeder.engine.port, sample, {
      opened: (peer) => peer.send(extendedMessage(0, { m: { ut_metadata: 1 } })),
    });
    await eventually(async () => {
      await peer.send(extendedMessage(1, { msg_type: 0, piece }));
      return peer.closed;
    }, `the engine disconnects the peer that requested piece ${piece}`);
  }
});
