import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import { TestEngine } from "../../support/engines.ts";
import { fastClock } from "../../support/fast_clock.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { uint32At, WireListener, wireMessage } from "../../support/wire_peer.ts";

const MIB = 1024 * 1024;
const [UNCHOKE, REQUEST, PIECE, HAVE_ALL] = [1, 6, 7, 14];

Deno.test("simultaneous downloads get pieces from each other", async () => {
  const sample = sampleTorrent(6 * MIB, { pieceBytes: 64 * 1024 });
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: MIB });
  await using first = await TestEngine.start();
  await using second = await TestEngine.start();
  await using third = await TestEngine.start();
  await seeder.seed(sample);
  const leechers = [first, second, third];
  const got = await Promise.all(
    leechers.map((leecher) =>
      leecher.download(sample, [seeder, ...leechers.filter((other) => other !== leecher)], {
        torrent: sample.torrent,
      })
    ),
  );
  for (const content of got) assert.ok(equalBytes(content, sample.content));
  const { uploadedBytes } = seeder.engine.torrents()[0]!;
  // If all leechers requested the pieces in the same order, the seeder would upload more than twice
  // the content.
  assert.ok(uploadedBytes < 1.9 * sample.content.length, `${uploadedBytes} bytes`);
});

Deno.test("two peers that dial each other keep the same one connection", async () => {
  const sample = sampleTorrent(3 * MIB, { pieceBytes: 64 * 1024 });
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: MIB });
  await using one = await TestEngine.start();
  await using other = await TestEngine.start();
  await seeder.seed(sample);
  const peersOf = (leecher: TestEngine) => leecher.engine.torrents()[0]?.peers ?? 0;
  const counts: number[] = [];
  const get = (leecher: TestEngine, partner: TestEngine) =>
    leecher.download(sample, [seeder, partner], {
      torrent: sample.torrent,
      onProgress: ({ downloadedBytes, lengthBytes }) => {
        // The same peer is added repeatedly, as periodic peer searches do.
        leecher.engine.addPeers(sample.infoHashHex, [partner.address]);
        if (downloadedBytes >= lengthBytes / 2) counts.push(peersOf(leecher));
      },
    });
  const got = await Promise.all([get(one, other), get(other, one)]);
  for (const content of got) assert.ok(equalBytes(content, sample.content));
  // A leecher has two connections: the seeder and the other leecher. It has fewer after the other
  // leecher has finished.
  assert.equal(Math.max(...counts), 2);
});

Deno.test("a peer that becomes slow is not waited for at the end", async () => {
  const pieceBytes = 64 * 1024;
  const sample = sampleTorrent(8 * MIB, { pieceBytes });
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start({ clock: fastClock(4) });
  await seeder.seed(sample);
  const slow = Promise.withResolvers<void>();
  const waiting: (() => Promise<boolean>)[] = [];
  using slowing = new WireListener(sample, () => ({
    opened: (peer) => peer.send(wireMessage(HAVE_ALL), wireMessage(UNCHOKE)),
    async message(peer, id, body) {
      if (id !== REQUEST) return;
      const [index, offset, length] = [0, 4, 8].map((at) => uint32At(body, at));
      const start = index! * pieceBytes + offset!;
      const block = sample.content.subarray(start, start + length!);
      const answer = () => peer.send(wireMessage(PIECE, body.subarray(0, 8), block));
      if (peer.deeds < 128) {
        peer.deeds++;
        await answer();
      } else {
        waiting.push(answer);
        slow.resolve();
      }
    },
  }));
  // The peer answers often enough not to count as stalled.
  const timer = setInterval(() => void waiting.shift()?.().catch(() => {}), 100);
  try {
    const downloading = leecher.download(sample, [], {
      torrent: sample.torrent,
      peers: [slowing.address],
    });
    await Promise.race([slow.promise, downloading]);
    leecher.engine.addPeers(sample.infoHashHex, [seeder.address]);
    assert.ok(equalBytes(await downloading, sample.content));
    assert.ok(waiting.length > 0, "the other peer has sent blocks that the slow one owed");
  } finally {
    clearInterval(timer);
  }
});
