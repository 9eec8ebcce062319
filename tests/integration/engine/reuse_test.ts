import assert from "node:assert/strict";
import type { DownloadProgress, ReusedRange } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { bytesIn, downloadWith, oddRanges, writeRanges } from "../../support/reuse.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const PIECE_BYTES = 64 * 1024;

Deno.test("pieces that were copied from other archives are not downloaded", async () => {
  const sample = sampleTorrent(64 * PIECE_BYTES, { pieceBytes: PIECE_BYTES });
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  const ranges = [
    { startBytes: 4 * PIECE_BYTES, endBytes: 20 * PIECE_BYTES },
    { startBytes: 30 * PIECE_BYTES, endBytes: 64 * PIECE_BYTES },
  ];
  const { downloaded, reused, last, before } = await downloadWith(
    reader,
    [seeder.address],
    sample,
    sample.content,
    ranges,
  );
  assert.deepEqual(downloaded, sample.content);
  assert.equal(before, PIECE_BYTES, "nothing but the first piece is fetched before the offer");
  assert.equal(reused.reusedBytes, 50 * PIECE_BYTES);
  assert.equal(last.reusedBytes, 50 * PIECE_BYTES);
  assert.equal(last.fetchedBytes, 14 * PIECE_BYTES);
  assert.equal(last.downloadedBytes, sample.content.length);
});

Deno.test("an archive of which all but the beginning is reused is complete without peers", async () => {
  const sample = sampleTorrent(100 * PIECE_BYTES + 1, { pieceBytes: PIECE_BYTES });
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  const ranges = [{ startBytes: 0, endBytes: sample.content.length }];
  const { content } = sample;
  const { downloaded, reused, last } = await downloadWith(
    reader,
    [seeder.address],
    sample,
    content,
    ranges,
  );
  assert.deepEqual(downloaded, content);
  assert.equal(reused.reusedBytes, 99 * PIECE_BYTES + 1);
  assert.equal(last.fetchedBytes, PIECE_BYTES);
});

Deno.test("wrong bytes that are offered for reuse are downloaded", async () => {
  const sample = sampleTorrent(32 * PIECE_BYTES + 5, { pieceBytes: PIECE_BYTES });
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  const old = sample.content.slice();
  old[7 * PIECE_BYTES]! ^= 1;
  old[sample.content.length - 1]! ^= 1;
  const ranges = [{ startBytes: PIECE_BYTES, endBytes: sample.content.length }];
  const { downloaded, reused, last } = await downloadWith(
    reader,
    [seeder.address],
    sample,
    old,
    ranges,
  );
  assert.deepEqual(downloaded, sample.content);
  assert.equal(reused.reusedBytes, 30 * PIECE_BYTES);
  assert.equal(last.reusedBytes, 30 * PIECE_BYTES);
  assert.equal(last.fetchedBytes, 2 * PIECE_BYTES + 5);
});

Deno.test("a verified piece that is written over with wrong bytes is downloaded again", async () => {
  const sample = sampleTorrent(8 * PIECE_BYTES, { pieceBytes: PIECE_BYTES });
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  const ranges = [{ startBytes: 10, endBytes: 20 }];
  const { downloaded, reused, last } = await downloadWith(
    reader,
    [seeder.address],
    sample,
    new Uint8Array(20),
    ranges,
  );
  assert.deepEqual(downloaded, sample.content);
  assert.equal(reused.reusedBytes, 0);
  assert.equal(last.fetchedBytes, 9 * PIECE_BYTES);
});

Deno.test("a download goes on after an offer that makes no sense, or none", async (t) => {
  const sample = sampleTorrent(8 * PIECE_BYTES, { pieceBytes: PIECE_BYTES });
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  const length = sample.content.length;
  const offers: Record<string, ReusedRange[]> = {
    overlapping: [{ startBytes: 0, endBytes: 20 }, { startBytes: 19, endBytes: 30 }],
    "too long": [{ startBytes: 0, endBytes: length + 1 }],
    negative: [{ startBytes: -1, endBytes: 5 }],
    empty: [{ startBytes: 5, endBytes: 5 }],
    "not numbers": [{ startBytes: Number.NaN, endBytes: "5" as unknown as number }],
  };
  for (const [name, ranges] of Object.entries(offers)) {
    await t.step(name, async () => {
      await using reader = await TestEngine.start();
      const downloading = reader.download(sample, [seeder], { reuse: true });
      const download = reader.engine.downloadOf(sample.infoHashHex)!;
      await assert.rejects(download.offerReused(ranges), { code: "REUSE_INVALID" });
      assert.deepEqual(await downloading, sample.content);
    });
  }
  await t.step("none", async () => {
    await using reader = await TestEngine.start();
    const downloading = reader.download(sample, [seeder], { reuse: true });
    const download = reader.engine.downloadOf(sample.infoHashHex)!;
    assert.deepEqual(await download.offerReused([]), { reusedBytes: 0 });
    await assert.rejects(download.offerReused([]), { code: "REUSE_INVALID" });
    assert.deepEqual(await downloading, sample.content);
  });
});

for (const transport of ["tcp", "utp"] as const) {
  Deno.test(`of pieces that are reused in part, the rest alone is downloaded (${transport})`, async () => {
    for (const pieceBytes of [16_384, 16_384 * 3, 16_384 * 16]) {
      const sample = sampleTorrent(4_000_001, { pieceBytes });
      await using seeder = await TestEngine.start({ transport });
      await using reader = await TestEngine.start({ transport });
      await seeder.seed(sample);
      const ranges = oddRanges(sample.content.length);
      const { content } = sample;
      const { downloaded, reused, last } = await downloadWith(
        reader,
        [seeder.address],
        sample,
        content,
        ranges,
      );
      assert.deepEqual(downloaded, content);
      assert.equal(reused.reusedBytes, last.reusedBytes);
      // Nothing of the first piece is reused, because it was there before.
      assert.equal(last.reusedBytes + last.fetchedBytes, content.length);
      const skipped = bytesIn(ranges) - last.reusedBytes;
      assert.ok(skipped < 2 * pieceBytes + ranges.length * 256, `${skipped} bytes were not reused`);
      const { uploadedBytes } = seeder.engine.torrents()[0]!;
      // Beside the blocks, the seeder has sent what the protocol needs.
      const rest = uploadedBytes - last.fetchedBytes;
      assert.ok(rest >= 0 && rest < 40_000, `${rest} other bytes were sent`);
    }
  });
}

Deno.test("a piece of which reused bytes are wrong is downloaded whole, and its sender is not banned", async () => {
  const pieceBytes = 16_384 * 4;
  const sample = sampleTorrent(60 * pieceBytes + 77, { pieceBytes });
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  const ranges = oddRanges(sample.content.length);
  const old = sample.content.slice();
  for (const { startBytes } of ranges.filter((_, i) => i % 7 === 3)) old[startBytes]! ^= 1;
  const { downloaded, last } = await downloadWith(reader, [seeder.address], sample, old, ranges);
  assert.deepEqual(downloaded, sample.content);
  assert.ok(last.reusedBytes > 0);
  assert.ok(last.fetchedBytes < sample.content.length * 0.9, `${last.fetchedBytes} bytes came`);
  assert.equal(last.downloadedBytes, sample.content.length);
});

Deno.test("several peers send the missing ranges together", async () => {
  const pieceBytes = 16_384 * 8;
  const sample = sampleTorrent(8_000_000, { pieceBytes });
  await using one = await TestEngine.start();
  await using two = await TestEngine.start();
  await using reader = await TestEngine.start();
  await one.seed(sample);
  await two.seed(sample);
  const { content } = sample;
  const ranges = oddRanges(content.length);
  const { downloaded } = await downloadWith(
    reader,
    [one.address, two.address],
    sample,
    content,
    ranges,
  );
  assert.deepEqual(downloaded, content);
});

Deno.test("an interrupted download goes on with what was copied and fetched, offered again or not", async () => {
  const pieceBytes = 16_384 * 4;
  const sample = sampleTorrent(100 * pieceBytes + 77, { pieceBytes });
  const { content, infoHashHex } = sample;
  const ranges = oddRanges(content.length);
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  for (const offersAgain of [true, false]) {
    await using reader = await TestEngine.start({ downloadBytesPerSecond: 2_000_000 });
    const stop = new AbortController();
    const { address } = seeder;
    await assert.rejects(
      downloadWith(reader, [address], sample, content, ranges, {
        signal: stop.signal,
        onProgress: ({ fetchedBytes }) => fetchedBytes > 1_000_000 && stop.abort(),
      }),
      { code: "DOWNLOAD_CANCELLED" },
    );
    reader.engine.setLimits({ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0 });
    let last: DownloadProgress | undefined;
    const onProgress = (progress: DownloadProgress) => last = progress;
    const request = { onProgress, peers: [address], reuse: offersAgain };
    if (offersAgain) {
      const { downloaded } = await downloadWith(
        reader,
        [address],
        sample,
        content,
        ranges,
        request,
      );
      assert.deepEqual(downloaded, content);
    } else assert.deepEqual(await reader.download(sample, [], request), content);
    assert.equal(reader.engine.downloadOf(infoHashHex), undefined);
    // Without an offer, only whole pieces are found in the file.
    const most = offersAgain ? content.length * 0.6 : content.length - 1_000_000;
    assert.ok(last!.fetchedBytes < most, `${last!.fetchedBytes} bytes came`);
  }
});

Deno.test("a download that is cancelled while copied pieces are hashed ends", async () => {
  const sample = sampleTorrent(50_000_000, { pieceBytes: 16_384 });
  const { content, infoHashHex } = sample;
  // A fast seeder would send everything before the download is cancelled.
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: 60_000 });
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  await Deno.writeFile(reader.path("downloaded"), new Uint8Array(1));
  const stop = new AbortController();
  let last: DownloadProgress | undefined;
  let stopsAbove = Infinity;
  const downloading = reader.download(sample, [seeder], {
    ...{ reuse: true, signal: stop.signal },
    onProgress: (progress) => {
      last = progress;
      if (progress.readyBytes > stopsAbove) stop.abort();
    },
  });
  const ended = assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
  await eventually(() => (last?.readyBytes ?? 0) > 0, "the beginning arrives");
  const ranges = [{ startBytes: 0, endBytes: content.length }];
  await writeRanges(reader.path("downloaded"), content, ranges);
  stopsAbove = last!.readyBytes + 1_000_000;
  const offered = reader.engine.downloadOf(infoHashHex)!.offerReused(ranges);
  await ended;
  const { reusedBytes } = await offered;
  assert.ok(reusedBytes > 0 && reusedBytes <= content.length);
});

Deno.test("pieces that were copied are passed on to other peers, encrypted or not", async () => {
  const pieceBytes = 65_536;
  const sample = sampleTorrent(60 * pieceBytes, { pieceBytes });
  const { content, infoHashHex } = sample;
  for (const encryption of ["off", "require"] as const) {
    await using seeder = await TestEngine.start({ encryption, uploadBytesPerSecond: 60_000 });
    await using reader = await TestEngine.start({ encryption });
    await using other = await TestEngine.start({ encryption });
    await seeder.seed(sample);
    const ranges = [{ startBytes: 0, endBytes: 50 * pieceBytes }];
    const stop = new AbortController();
    const { torrent } = sample;
    let last: DownloadProgress | undefined;
    const reading = assert.rejects(
      reader.download(sample, [seeder], {
        ...{ reuse: true, signal: stop.signal, torrent },
        onProgress: (progress) => last = progress,
      }),
      { code: "DOWNLOAD_CANCELLED" },
    );
    await eventually(() => (last?.readyBytes ?? 0) > 0, "the beginning arrives");
    await writeRanges(reader.path("downloaded"), content, ranges);
    await reader.engine.downloadOf(infoHashHex)!.offerReused(ranges);
    let readyBytes = 0;
    const following = assert.rejects(
      other.download(sample, [reader], {
        ...{ torrent, signal: stop.signal },
        onProgress: (progress) => readyBytes = progress.readyBytes,
      }),
      { code: "DOWNLOAD_CANCELLED" },
    );
    await eventually(() => readyBytes >= 50 * pieceBytes, "the other peer gets copied pieces");
    stop.abort();
    await Promise.all([reading, following]);
  }
});
