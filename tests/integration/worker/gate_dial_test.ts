/** Peers that the engine's thread may not dial itself: it dials them through the gate. */

import assert from "node:assert/strict";
import { TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { TestWorker } from "../../support/workers.ts";

const sample = sampleTorrent(3_000_000);

async function download(worker: TestWorker, host: string, port: number): Promise<Uint8Array> {
  const { infoHashHex, torrent } = sample;
  const filePath = worker.path("downloaded");
  await worker.api.download(1, {
    ...{ infoHashHex, torrent, filePath },
    maxBytes: sample.content.length,
    peers: [{ host, port }],
  });
  return await Deno.readFile(filePath);
}

Deno.test("a download from a peer over IPv6 passes the gate", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using worker = await TestWorker.start({ allowLocal: true });
  assert.deepEqual(await download(worker, "::1", seeder.engine.port), sample.content);
});

Deno.test("a download over IPv6 from a seeder in a sandbox passes the gate", async () => {
  await using seeder = await TestWorker.start({ allowLocal: true });
  const filePath = seeder.path("seeded");
  await Deno.writeFile(filePath, sample.content);
  const { infoHashHex, torrent, content } = sample;
  const lengthBytes = content.length;
  await seeder.api.seed([{ infoHashHex, torrent, filePath, lengthBytes, announceDueMs: 0 }]);
  await using worker = await TestWorker.start({ allowLocal: true });
  assert.deepEqual(await download(worker, "::1", seeder.started.port), content);
});
