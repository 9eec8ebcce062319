/** Downloads of which parts are reused, from web seeds. */

import assert from "node:assert/strict";
import { TestEngine } from "../../support/engines.ts";
import { downloadWith, oddRanges } from "../../support/reuse.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { WebHost } from "../../support/web_host.ts";
import { filesOf, webReader } from "../../support/web_reader.ts";

const pieceBytes = 65_536;
const sample = sampleTorrent(3_000_000, { pieceBytes });
const { content, torrent } = sample;
const ranges = oddRanges(content.length);

Deno.test("a web seed is asked for the bytes that are not reused", async () => {
  await using web = new WebHost(filesOf(sample));
  await using at = await webReader();
  const { downloaded, last } = await downloadWith(at.reader, [], sample, content, ranges, {
    ...{ webSeeds: [web.url], torrent },
  });
  assert.deepEqual(downloaded, content);
  assert.ok(last.reusedBytes > content.length / 3, `${last.reusedBytes} bytes were reused`);
  assert.equal(web.askedBytes("/sample-1"), last.fetchedBytes);
  // Between two missing ranges, up to 16 KiB are fetched again.
  assert.ok(last.fetchedBytes < content.length * 0.75, `${last.fetchedBytes} bytes were fetched`);
});

Deno.test("a web seed sends pieces whole of which reused bytes are wrong", async () => {
  const old = content.slice();
  for (const { startBytes } of ranges.filter((_, i) => i % 7 === 3)) old[startBytes]! ^= 1;
  await using web = new WebHost(filesOf(sample));
  await using at = await webReader();
  const { downloaded } = await downloadWith(at.reader, [], sample, old, ranges, {
    ...{ webSeeds: [web.url], torrent },
  });
  assert.deepEqual(downloaded, content);
  assert.equal(at.statuses()[0]?.problem, undefined);
});

Deno.test("a web seed that sends wrong bytes is dropped, and a peer sends the rest", async () => {
  await using web = new WebHost(filesOf(sample), "good");
  await using at = await webReader();
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  let problem: string | undefined;
  const { downloaded } = await downloadWith(at.reader, [], sample, content, ranges, {
    ...{ webSeeds: [web.url], torrent },
    onProgress: ({ readyBytes, webSeeds }) => {
      if (readyBytes > 0) web.mode = "wrong";
      problem ??= webSeeds[0]?.problem;
      if (problem) at.reader.engine.addPeers(sample.infoHashHex, [seeder.address]);
    },
  });
  assert.deepEqual(downloaded, content);
  assert.match(problem!, /It sent other bytes than the archive's/);
});

Deno.test("a web seed without ranges sends the whole file, of which parts are used", async () => {
  await using web = new WebHost(filesOf(sample), "whole");
  await using at = await webReader();
  const { downloaded, last } = await downloadWith(at.reader, [], sample, content, ranges, {
    ...{ webSeeds: [web.url], torrent },
  });
  assert.deepEqual(downloaded, content);
  assert.equal(at.statuses()[0]?.problem, undefined);
  assert.ok(last.reusedBytes > 0);
  // The beginning, an attempt to read a range, and the file.
  assert.equal(web.requests.length, 3);
});
