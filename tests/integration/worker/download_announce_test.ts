import assert from "node:assert/strict";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { TestWorker } from "../../support/workers.ts";

Deno.test("a download that takes more than a moment is announced, and found by other downloads", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  await using seeder = await TestEngine.start({ testnet, uploadBytesPerSecond: 1_000_000 });
  await using worker = await TestWorker.start({ allowLocal: true, testnet, readOnly: true });
  const sample = sampleTorrent(8_000_000);
  await seeder.seed(sample);
  const downloading = worker.connection.api.download(1, {
    infoHashHex: sample.infoHashHex,
    torrent: sample.torrent,
    filePath: worker.path("downloaded"),
    maxBytes: 10_000_000,
    peers: [seeder.address],
  });
  downloading.catch(() => {});
  const manager = seeder.manager();
  await eventually(async () => {
    const { peers } = await manager.findPeers(sample.infoHash);
    return peers.some(({ port }) => port === worker.started.port);
  }, "the download is announced");
  await worker.connection.api.cancel(1);
  await assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
  await manager.stop(1_000);
});
