/** Ranges of a torrent, which a reader of a catalog's index wants, from another program. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { wantRanges } from "../../src/engine/mod.ts";
import { TestEngine } from "../support/engines.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { freePort, temporaryHome } from "../support/mod.ts";
import { sampleTorrent } from "../support/torrents.ts";
import { startSeeder } from "./libtorrent.ts";

const PIECE_BYTES = 16_384;

await interopTest(
  "single pieces of a torrent come from libtorrent, which sends no others",
  ["python3-libtorrent"],
  async () => {
    const sample = sampleTorrent(2_000 * PIECE_BYTES, { pieceBytes: PIECE_BYTES });
    await using directory = await temporaryHome();
    await Deno.writeFile(join(directory.path, "sample-1"), sample.content);
    const torrent = join(directory.path, "sample.torrent");
    await Deno.writeFile(torrent, sample.torrent);
    const port = await freePort();
    await using _seeder = await startSeeder({ torrent, dir: directory.path, port });

    await using reader = await TestEngine.start();
    const stop = new AbortController();
    const { infoHashHex } = sample;
    const path = reader.path("part");
    const reading = assert.rejects(
      reader.engine.download({
        ...{ infoHashHex, filePath: path, maxBytes: sample.content.length, wantedBytes: 0 },
        peers: [{ host: "127.0.0.1", port }],
        signal: stop.signal,
      }),
      { code: "DOWNLOAD_CANCELLED" },
    );
    try {
      const want = (start: number, end: number) =>
        wantRanges(reader.engine.downloadOf(infoHashHex), [{ start, end }]);
      await want(0, 1);
      const middle = 1_234 * PIECE_BYTES;
      const { downloadedBytes } = await want(middle - 5, middle + 5);
      const read = await Deno.readFile(path);
      assert.deepEqual(
        read.subarray(middle - PIECE_BYTES, middle + PIECE_BYTES),
        sample.content.subarray(middle - PIECE_BYTES, middle + PIECE_BYTES),
      );
      // Three pieces, the hashes of all 2,000, and messages.
      assert.ok(downloadedBytes < 3 * PIECE_BYTES + 46_000, `${downloadedBytes} bytes came`);
    } finally {
      stop.abort();
      await reading;
    }
  },
);
