import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import { TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const MIB = 1024 * 1024;

Deno.test("simultaneous downloads get pieces from each other", async () => {
  const sample = sampleTorrent(6 * MIB, { pieceBytes: 64 * 1024 });
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: 4 * MIB });
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
