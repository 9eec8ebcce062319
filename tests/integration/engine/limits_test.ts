import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const MIB = 1024 * 1024;

Deno.test("a limited download arrives byte for byte, also when the limit changes midway", async () => {
  const sample = sampleTorrent(24 * MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start({ downloadBytesPerSecond: 4 * MIB });
  await seeder.seed(sample);
  const changes = [0, 8 * MIB, 0];
  const got = await leecher.download(sample, [seeder], {
    onProgress: ({ downloadedBytes }) => {
      if (downloadedBytes > (3 - changes.length) * MIB && changes.length > 0) {
        leecher.engine.setLimits({
          uploadBytesPerSecond: 0,
          downloadBytesPerSecond: changes.shift()!,
        });
      }
    },
  });
  assert.ok(equalBytes(got, sample.content));
  assert.deepEqual(changes, [], "limits that were not set");
});

Deno.test("a seeder whose limit changes midway sends every byte in order", async () => {
  const sample = sampleTorrent(24 * MIB);
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: 4 * MIB });
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  const changes = [0, 8 * MIB, 0];
  const got = await leecher.download(sample, [seeder], {
    onProgress: ({ downloadedBytes }) => {
      if (downloadedBytes > (3 - changes.length) * MIB && changes.length > 0) {
        seeder.engine.setLimits({
          uploadBytesPerSecond: changes.shift()!,
          downloadBytesPerSecond: 0,
        });
      }
    },
  });
  assert.ok(equalBytes(got, sample.content));
  assert.deepEqual(changes, [], "limits that were not set");
});

Deno.test("a limit holds: a second's worth of bytes does not arrive at once", async () => {
  const sample = sampleTorrent(8 * MIB);
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start({ downloadBytesPerSecond: 64 * 1024 });
  await seeder.seed(sample);
  const controller = new AbortController();
  const startedMs = performance.now();
  const downloading = leecher.download(sample, [seeder], { signal: controller.signal });
  downloading.catch(() => {});
  const received = () => leecher.engine.torrents()[0]?.downloadedBytes ?? 0;
  await eventually(() => received() > 0, "something has come");
  // The leecher stops reading, and only thereby slows the seeder down.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const allowed = 64 * 1024 * (performance.now() - startedMs) / 1_000;
  assert.ok(received() < allowed + 2 * MIB, `${received()} bytes, where ${allowed} are allowed`);
  controller.abort();
  await assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
});

Deno.test("two peers download from one seeder while connected to each other", async () => {
  const sample = sampleTorrent(24 * MIB);
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: 8 * MIB });
  await using first = await TestEngine.start();
  await using second = await TestEngine.start();
  await seeder.seed(sample);
  const both = await Promise.all([
    first.download(sample, [seeder]),
    second.download(sample, [seeder, first]),
  ]);
  for (const got of both) assert.ok(equalBytes(got, sample.content));
});
