import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/base/mod.ts";
import type { DownloadProgress } from "../../../src/engine/mod.ts";
import { CountingRelay } from "../../support/counting_relay.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

/**
 * A clock whose time hardly passes, so that a busy machine never has the reader think that a peer is
 * silent. Its timers are those of the system.
 */
const slow: Clock = {
  now: () => systemClock.now() / 1_000,
  after: (ms, fire) => systemClock.after(ms, fire),
};

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/** Downloads the beginning of a sample from some peers, until `holds`. */
async function beginningOf(
  reader: TestEngine,
  sample: ReturnType<typeof sampleTorrent>,
  peers: { host: string; port: number }[],
  holds: (progress: DownloadProgress) => boolean,
) {
  const stop = new AbortController();
  let last: DownloadProgress | undefined;
  const ended = assert.rejects(
    reader.engine.download({
      infoHashHex: sample.infoHashHex,
      filePath: reader.path("beginning"),
      maxBytes: sample.content.length,
      lengthBytes: sample.content.length,
      wantedBytes: 1,
      peers,
      signal: stop.signal,
      onProgress: (progress) => last = progress,
    }),
    { code: "DOWNLOAD_CANCELLED" },
  );
  await eventually(() => last !== undefined && holds(last), "the beginning arrives");
  stop.abort();
  await ended;
  return last!;
}

Deno.test("the first piece of 100 MB costs less than 300 kB, all that peers send counted", async () => {
  const sample = sampleTorrent(100_000_000);
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  using relay = new CountingRelay(seeder.address);
  const progress = await beginningOf(
    reader,
    sample,
    [relay.address],
    ({ readyBytes }) => readyBytes > 0,
  );
  assert.equal(progress.readyBytes, PIECE_BYTES);
  assert.equal(progress.downloadedBytes, PIECE_BYTES);
  assert.ok(relay.deliveredBytes < 300_000, `${relay.deliveredBytes} bytes came`);
  const read = await Deno.readFile(reader.path("beginning"));
  assert.deepEqual(read, sample.content.subarray(0, PIECE_BYTES));
});

Deno.test("two seeders send each block of the beginning once", async () => {
  const sample = sampleTorrent(20 * MIB);
  await using one = await TestEngine.start();
  await using two = await TestEngine.start();
  await using reader = await TestEngine.start({ clock: slow });
  await one.seed(sample);
  await two.seed(sample);
  const relays = [new CountingRelay(one.address), new CountingRelay(two.address)];
  try {
    await beginningOf(
      reader,
      sample,
      relays.map(({ address }) => address),
      ({ readyBytes, reach }) => readyBytes > 0 && reach.met === 2,
    );
    const bytes = relays[0]!.deliveredBytes + relays[1]!.deliveredBytes;
    assert.ok(bytes < PIECE_BYTES + 40_000, `${bytes} bytes came`);
  } finally {
    for (const relay of relays) relay[Symbol.dispose]();
  }
});

Deno.test("a beginning that is widened goes on over the same connection", async () => {
  const sample = sampleTorrent(8 * MIB);
  await using seeder = await TestEngine.start();
  await using reader = await TestEngine.start();
  await seeder.seed(sample);
  using relay = new CountingRelay(seeder.address);
  let widened = 0;
  const progress = await beginningOf(reader, sample, [relay.address], ({ readyBytes }) => {
    if (readyBytes === PIECE_BYTES && widened === 0) {
      widened = 1;
      reader.engine.downloadOf(sample.infoHashHex)!.widen(PIECE_BYTES * 3 + 1);
    }
    return readyBytes === 4 * PIECE_BYTES;
  });
  assert.equal(progress.downloadedBytes, 4 * PIECE_BYTES);
  assert.equal(relay.connections, 1);
  const { uploadedBytes } = seeder.engine.torrents()[0]!;
  // Beside the blocks, the seeder has sent what the protocol needs.
  assert.ok(uploadedBytes < 4 * PIECE_BYTES + 16_384, `${uploadedBytes} bytes were sent`);
});
