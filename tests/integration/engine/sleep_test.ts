import assert from "node:assert/strict";
import { connect } from "node:net";
import { concatBytes, equalBytes, utf8 } from "../../../src/base/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { type SampleTorrent, sampleTorrent } from "../../support/torrents.ts";

const sample = sampleTorrent(300 * 1024);
const MINUTE_MS = 60_000;

/**
 * Writes an archive with its `.torrent` file, and seeds the archive. The engine reads the
 * `.torrent` only when a peer requests the archive.
 */
async function seedFiles(at: TestEngine, { content, torrent, infoHashHex }: SampleTorrent) {
  const filePath = at.path("archive");
  const torrentPath = at.path("torrent");
  await Deno.writeFile(filePath, content);
  await Deno.writeFile(torrentPath, torrent);
  const order = { infoHashHex, filePath, lengthBytes: content.length };
  await at.engine.seed([{ ...order, torrent: torrentPath }]);
  return { torrentPath, order };
}

Deno.test("an unwanted archive is listed, and its .torrent is read only when a peer wants it", async () => {
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  const { torrentPath } = await seedFiles(seeder, sample);
  await Deno.remove(torrentPath);
  const { infoHashHex } = sample;
  const asleep = { done: true, peers: 0, uploadedBytes: 0, downloadedBytes: 0 };
  const speeds = { uploadSpeed: 0, downloadSpeed: 0 };
  const lengthBytes = sample.content.length;
  assert.deepEqual(seeder.engine.torrents(), [{ infoHashHex, lengthBytes, ...asleep, ...speeds }]);
  await Deno.writeFile(torrentPath, sample.torrent);
  assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
  assert.ok(seeder.engine.torrents()[0]!.uploadedBytes >= lengthBytes);
  assert.ok(seeder.engine.totals().uploadedBytes >= lengthBytes);
});

Deno.test("an archive sleeps after two minutes without peers, keeps its transfer totals and wakes again", async () => {
  const clock = new FakeClock();
  await using seeder = await TestEngine.start({ clock });
  const { torrentPath } = await seedFiles(seeder, sample);
  {
    await using leecher = await TestEngine.start();
    await leecher.download(sample, [seeder]);
  }
  await eventually(() => seeder.engine.torrents()[0]!.peers === 0, "the peer is gone");
  const { uploadedBytes } = seeder.engine.torrents()[0]!;
  await Deno.rename(torrentPath, `${torrentPath}.away`);
  await clock.advance(4 * MINUTE_MS);
  const [asleep] = seeder.engine.torrents();
  assert.equal(asleep!.uploadedBytes, uploadedBytes);
  assert.equal(seeder.engine.totals().uploadedBytes, uploadedBytes);
  await eventually(() => clock.timers === 0, "it sleeps");
  await Deno.rename(`${torrentPath}.away`, torrentPath);
  await using leecher = await TestEngine.start();
  assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
  assert.ok(seeder.engine.torrents()[0]!.uploadedBytes >= uploadedBytes + sample.content.length);
});

const unreadable: [string, (path: string) => Promise<void>][] = [
  ["is gone", (path) => Deno.remove(path)],
  ["is of another archive", (path) => Deno.writeFile(path, sampleTorrent(1_000).torrent)],
  ["is nonsense", (path) => Deno.writeFile(path, utf8("d4:infod-3:"))],
  ["is a link", async (path) => {
    await Deno.rename(path, `${path}.real`);
    await Deno.symlink(`${path}.real`, path);
  }],
  ["has a second name", (path) => Deno.link(path, `${path}.second`)],
];
for (const [what, spoil] of unreadable) {
  Deno.test(`a .torrent that ${what} is reported, and can be replaced by a valid one`, async () => {
    const told: string[] = [];
    await using seeder = await TestEngine.start({ onUnreadable: (hash) => told.push(hash) });
    await using leecher = await TestEngine.start();
    const { torrentPath, order } = await seedFiles(seeder, sample);
    await spoil(torrentPath);
    const downloading = leecher.download(sample, [seeder]);
    await eventually(() => told.length > 0, "it is told");
    assert.equal(told[0], sample.infoHashHex);
    await seeder.engine.seed([{ ...order, torrent: sample.torrent }]);
    leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
    assert.ok(equalBytes(await downloading, sample.content));
    assert.equal(seeder.engine.torrents().length, 1);
  });
}

Deno.test("messages sent together with a handshake reach the torrent that it wakes", async () => {
  await using seeder = await TestEngine.start();
  await seedFiles(seeder, sample);
  const socket = connect(seeder.engine.port, "127.0.0.1");
  const received: Uint8Array[] = [];
  socket.on("data", (bytes: Uint8Array) => received.push(bytes));
  const interested = Uint8Array.of(0, 0, 0, 1, 2);
  const handshake = concatBytes(
    Uint8Array.of(19),
    utf8("BitTorrent protocol"),
    new Uint8Array(8),
    sample.infoHash,
    utf8("-XX0001-012345678901"),
  );
  // The client sends the handshake in two parts, and a message right after the second part.
  socket.write(handshake.subarray(0, 30));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(concatBytes(handshake.subarray(30), interested));
  const unchoke = Uint8Array.of(0, 0, 0, 1, 1);
  await eventually(() => {
    const bytes = concatBytes(...received);
    return bytes.length > 68 && equalBytes(bytes.slice(-5), unchoke);
  }, "it may ask for pieces");
  socket.destroy();
});
