/**
 * Tests downloads from web seeds: real engines, a real gate, and web servers on 127.0.0.1 that
 * behave well or badly.
 */

import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import type { WebSeedStatus } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { WebHost, type WebHostMode } from "../../support/web_host.ts";
import { filesOf, webReader } from "../../support/web_reader.ts";

const sample = sampleTorrent(3_000_000);

Deno.test("an archive that nobody seeds comes from a web seed, metadata too", async () => {
  await using web = new WebHost(filesOf(sample));
  await using at = await webReader();
  const got = await at.download(sample, [web.url], { fileName: "sample-1" });
  assert.ok(equalBytes(got, sample.content));
  assert.deepEqual(at.statuses(), [{ url: web.url, receivedBytes: sample.content.length }]);
  // One request for the metadata, and one for all pieces.
  assert.equal(web.requests.length, 2);
  assert.equal(web.requests[1], `/sample-1 bytes=0-${sample.content.length - 1}`);
  const { downloadedBytes, webSeedBytes } = at.reader.engine.totals();
  assert.deepEqual([downloadedBytes, webSeedBytes], [3_000_000, 3_000_000]);
});

Deno.test("a web seed may be a file, and a server that sends whole files serves a whole download", async () => {
  await using web = new WebHost(filesOf(sample, "/some/where"), "whole");
  await using at = await webReader();
  assert.ok(equalBytes(await at.download(sample, [`${web.url}some/where`]), sample.content));
});

Deno.test("only missing pieces are asked of a web seed", async () => {
  await using web = new WebHost(filesOf(sample));
  await using at = await webReader();
  const filePath = at.reader.path("partial");
  const kept = 1_572_864;
  await Deno.writeFile(filePath, sample.content.subarray(0, kept + 100));
  const { torrent } = sample;
  const got = await at.download(sample, [web.url], { filePath, torrent });
  assert.ok(equalBytes(got, sample.content));
  assert.deepEqual(web.requests, [`/sample-1 bytes=${kept}-${sample.content.length - 1}`]);
});

Deno.test("of an archive's beginning, a web seed is asked for no other piece", async () => {
  await using web = new WebHost(filesOf(sample));
  await using at = await webReader();
  const { torrent } = sample;
  const stop = new AbortController();
  const pieceBytes = 256 * 1024;
  let readyBytes = 0;
  const ended = assert.rejects(
    at.download(sample, [web.url], {
      torrent,
      wantedBytes: pieceBytes + 1,
      signal: stop.signal,
      onProgress: (progress) => readyBytes = progress.readyBytes,
    }),
    { code: "DOWNLOAD_CANCELLED" },
  );
  await eventually(() => readyBytes > 0, "the beginning arrives");
  await eventually(() => readyBytes === 2 * pieceBytes, "all of the beginning is there");
  stop.abort();
  await ended;
  assert.deepEqual(web.requests, [`/sample-1 bytes=0-${2 * pieceBytes - 1}`]);
});

const failures: [WebHostMode, RegExp][] = [
  ["wrong", /It sent other bytes than the archive's \(piece 0\)/],
  ["short", /Its file has 2999999 bytes, and the archive has 3000000/],
  ["long", /Its file has 3000001 bytes, and the archive has 3000000/],
  ["cut", /ends too early/],
  ["slow", /It sent 1 bytes in 15 s/],
  ["loop", /More than 5 redirects/],
  ["private", /169\.254\.169\.254 port \d+ is refused: web servers need public addresses/],
  ["missing", /answered with status 404/],
];

for (const [mode, says] of failures) {
  Deno.test(`a web seed is dropped with a word, and another goes on (${mode})`, async () => {
    await using bad = new WebHost(filesOf(sample), mode);
    await using good = new WebHost(filesOf(sample));
    await using at = await webReader();
    const stop = new AbortController();
    const { torrent } = sample;
    const downloading = at.download(sample, [bad.url], { torrent, signal: stop.signal });
    downloading.catch(() => {});
    await eventually(() => at.statuses()[0]?.problem !== undefined, "the web seed is dropped");
    const [{ problem }] = at.statuses() as [WebSeedStatus];
    assert.match(problem!, says);
    const asked = bad.requests.length;
    at.reader.engine.addSources(sample.infoHashHex, [], [bad.url, good.url]);
    assert.ok(equalBytes(await downloading, sample.content));
    assert.equal(bad.requests.length, asked, "it is not asked again");
    assert.deepEqual(at.statuses().map(({ receivedBytes }) => receivedBytes), [0, 3_000_000]);
  });
}

Deno.test("a server without ranges sends the whole file when a part is wanted", async () => {
  await using web = new WebHost(filesOf(sample), "whole");
  await using at = await webReader();
  const filePath = at.reader.path("partial");
  await Deno.writeFile(filePath, sample.content.subarray(0, 1_048_576));
  const { torrent } = sample;
  const got = await at.download(sample, [web.url], { filePath, torrent });
  assert.ok(equalBytes(got, sample.content));
  const [{ problem, receivedBytes }] = at.statuses() as [WebSeedStatus];
  assert.deepEqual({ problem, receivedBytes }, {
    problem: undefined,
    receivedBytes: sample.content.length - 1_048_576,
  });
});

Deno.test("a .torrent of another archive, a long one, and none are told from each other", async () => {
  const other = sampleTorrent(1_000, { seed: 2 });
  const stop = new AbortController();
  await using web = new WebHost({
    "/other.torrent": other.torrent,
    "/garbage.torrent": sample.content.subarray(0, 5_000),
    "/long.torrent": sample.content,
  });
  await using at = await webReader();
  const paths = ["other", "garbage", "long", "none", ""];
  const downloading = at.download(sample, paths.map((path) => web.url + path), {
    signal: stop.signal,
  });
  downloading.catch(() => {});
  const told = () => at.statuses().filter(({ problem }) => problem !== undefined).length;
  await eventually(() => told() === paths.length, "each is told");
  const says = [
    /is not that of this archive/,
    /is not that of/,
    /is longer than/,
    /status 404/,
    /tells the name/,
  ];
  at.statuses().forEach(({ problem }, index) => assert.match(problem!, says[index]!));
  stop.abort();
  await assert.rejects(downloading);
});

Deno.test("a wrong piece of a web seed brings no peer under suspicion", async () => {
  await using bad = new WebHost(filesOf(sample), "wrong");
  await using at = await webReader();
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  const { torrent } = sample;
  const downloading = at.download(sample, [bad.url], { torrent });
  await eventually(() => at.statuses()[0]?.problem !== undefined, "the web seed is dropped");
  at.reader.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, sample.content));
});

Deno.test("web seeds fill up what a slow peer sends", async () => {
  await using web = new WebHost(filesOf(sample));
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: 50_000 });
  await using at = await webReader();
  await seeder.seed(sample);
  const { torrent } = sample;
  assert.ok(
    equalBytes(await at.download(sample, [web.url], { torrent, peers: [seeder] }), sample.content),
  );
  assert.ok(at.statuses()[0]!.receivedBytes > 1_000_000);
});

Deno.test("a slow web seed leaves the piece that it is sending to a peer that comes later", async () => {
  const onePiece = sampleTorrent(8_000_000, { pieceBytes: 8 * 1024 * 1024 });
  await using web = new WebHost(filesOf(onePiece), "drip");
  await using seeder = await TestEngine.start();
  await seeder.seed(onePiece);
  await using at = await webReader();
  const { infoHashHex, torrent } = onePiece;
  const downloading = at.download(onePiece, [web.url], { torrent });
  const { engine } = at.reader;
  await eventually(() => engine.totals().webSeedBytes > 0, "the web seed sends");
  engine.addPeers(infoHashHex, [seeder.address]);
  assert.ok(equalBytes(await downloading, onePiece.content));
  assert.equal(at.statuses()[0]!.receivedBytes, 0);
});

Deno.test("two web seeds share an archive", async () => {
  const large = sampleTorrent(30_000_000);
  await using one = new WebHost(filesOf(large));
  await using two = new WebHost(filesOf(large));
  await using at = await webReader();
  const { torrent } = large;
  assert.ok(equalBytes(await at.download(large, [one.url, two.url], { torrent }), large.content));
  const received = at.statuses().map(({ receivedBytes }) => receivedBytes);
  assert.equal(received.reduce((a, b) => a + b), large.content.length);
  assert.ok(two.requests.length > 0);
});

Deno.test("the download limit holds for web seeds, and changes while they send", async () => {
  await using web = new WebHost(filesOf(sample));
  await using at = await webReader({ downloadBytesPerSecond: 64 * 1024 });
  const { torrent } = sample;
  const startedMs = performance.now();
  const downloading = at.download(sample, [web.url], { torrent });
  const { engine } = at.reader;
  const received = () => engine.totals().webSeedBytes;
  await eventually(() => received() > 0, "the web seed sends");
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const allowed = 64 * 1024 * (performance.now() - startedMs) / 1_000;
  const most = allowed + sample.content.length / 2;
  assert.ok(received() < most, `${received()} bytes, where ${allowed} are allowed`);
  engine.setLimits({ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0 });
  assert.ok(equalBytes(await downloading, sample.content));
});
