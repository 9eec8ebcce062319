import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import { type RangesHeld, wantRanges } from "../../../src/engine/mod.ts";
import { CountingRelay } from "../../support/counting_relay.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const PIECE_BYTES = 16_384;
const sample = sampleTorrent(1_000 * PIECE_BYTES + 100, { pieceBytes: PIECE_BYTES });

/** Opens the sample in an engine, and calls `work` with a function that wants ranges of it. */
async function withRanges(
  reader: TestEngine,
  peers: { host: string; port: number }[],
  work: (
    want: (ranges: [number, number][], signal?: AbortSignal) => Promise<RangesHeld>,
  ) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const { infoHashHex } = sample;
  const order = {
    ...{ infoHashHex, peers, filePath: reader.path("part"), signal: stop.signal },
    ...{ maxBytes: sample.content.length, wantedBytes: 0 },
  };
  const ended = assert.rejects(reader.engine.download(order), { code: "DOWNLOAD_CANCELLED" });
  try {
    await work((ranges, signal) =>
      wantRanges(
        reader.engine.downloadOf(infoHashHex),
        ranges.map(([start, end]) => ({ start, end })),
        signal,
      )
    );
  } finally {
    stop.abort();
    await ended;
  }
}

async function assertHas(reader: TestEngine, start: number, end: number): Promise<void> {
  const read = await Deno.readFile(reader.path("part"));
  assert.equal(toHex(read.subarray(start, end)), toHex(sample.content.subarray(start, end)));
}

Deno.test("ranges of a torrent cost their pieces and the metadata, over one connection", async () => {
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  using relay = new CountingRelay(seeder.address);
  await withRanges(reader, [relay.address], async (want) => {
    const end = sample.content.length;
    const first = await want([[0, PIECE_BYTES]]);
    assert.equal(first.lengthBytes, end);
    assert.ok(first.downloadedBytes >= PIECE_BYTES + 20_000, `${first.downloadedBytes} bytes`);
    await assertHas(reader, 0, PIECE_BYTES);
    // A range in the middle, one over the border of two pieces, and the end, with bytes beyond it.
    const middle = 500 * PIECE_BYTES;
    const before = await want([[middle + 5, middle + 6], [middle - 1, middle + 1], [
      end - 1,
      end + 100_000,
    ]]);
    await assertHas(reader, middle - PIECE_BYTES, middle + PIECE_BYTES);
    await assertHas(reader, end - 100, end);
    // Ranges that are there already cost nothing.
    const again = await want([[0, 1], [middle, middle + 1]]);
    assert.deepEqual(again, before);
  });
  assert.equal(relay.connections, 1);
  // The hashes of 1,001 pieces have 20 kB.
  assert.ok(relay.deliveredBytes < 3 * PIECE_BYTES + 24_000, `${relay.deliveredBytes} bytes came`);
});

Deno.test("a range comes from the peer that has it, and a wrong piece from nobody", async () => {
  await using seeder = await TestEngine.start();
  await using liar = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  const content = sample.content.slice();
  content[7 * PIECE_BYTES]! ^= 1;
  await liar.seed({ ...sample, content });
  await withRanges(reader, [liar.address], async (want) => {
    const wanted = want([[7 * PIECE_BYTES, 8 * PIECE_BYTES]]);
    await eventually(
      () => liar.engine.torrents().some(({ uploadedBytes }) => uploadedBytes >= PIECE_BYTES),
      "the liar has sent the piece",
    );
    reader.engine.addPeers(sample.infoHashHex, [seeder.address]);
    await wanted;
    await assertHas(reader, 7 * PIECE_BYTES, 8 * PIECE_BYTES);
  });
});

Deno.test("a wish for ranges ends with its signal, and with the download", async () => {
  await using reader = await TestEngine.start();
  const end = new AbortController();
  let last: Promise<RangesHeld> | undefined;
  await withRanges(reader, [], async (want) => {
    const wanted = assert.rejects(want([[0, 1]], end.signal), { code: "DOWNLOAD_CANCELLED" });
    end.abort();
    await wanted;
    last = want([[0, 1]]);
    last.catch(() => {});
  });
  await assert.rejects(last!, { code: "TORRENT_FAILED" });
  await assert.rejects(wantRanges(undefined, [{ start: 0, end: 1 }]), { code: "TORRENT_FAILED" });
});
