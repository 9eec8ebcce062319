/**
 * Archives that begin with their manifest, as libreseed made them before archives began with a list of
 * their members, are published, seeded, downloaded and added under their infohash.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { torrentInfoHash } from "../../../src/package/mod.ts";
import { newPlace } from "../../support/place.ts";
import archives from "../../vectors/archive.json" with { type: "json" };
import vectors from "../../vectors/archive_without_list.json" with { type: "json" };

const [vector] = vectors.archives;
const { archiveHex, infoHashHex, minimalHex, torrentHex } = vector!;

Deno.test("an archive without a list keeps its infohash when it is published, fetched and added", async () => {
  await using place = await newPlace();
  const publisher = await place.home(keyPairFromSeed(fromHex(archives.keySeedHex)!));
  const ready = join(place.path, "hello-1.0.0.tgz");
  await Deno.writeFile(ready, fromHex(archiveHex)!);
  await using _daemon = await publisher.daemon();
  const published = JSON.parse(await publisher.must(["publish", "--json", ready]));
  assert.equal(published.infohash, infoHashHex);
  const seeded = join(publisher.seed, "hello-1.0.0");
  assert.deepEqual(await Deno.readFile(`${seeded}.torrent`), fromHex(torrentHex));

  const reader = await place.home(null);
  await reader.must(["get", `${publisher.publicKey}/hello@1.0.0`]);
  const got = join(reader.seed, "hello-1.0.0");
  assert.deepEqual(await Deno.readFile(`${got}.tgz`), fromHex(archiveHex));
  const torrent = await Deno.readFile(`${got}.torrent`);
  assert.equal(toHex(torrentInfoHash(torrent)!), infoHashHex);

  const other = await place.home(null);
  await Deno.writeFile(join(place.path, "hello-1.0.0.minimal.json"), fromHex(minimalHex)!);
  await other.must(["add", ready]);
  const added = await Deno.readFile(join(other.seed, "hello-1.0.0.torrent"));
  assert.equal(toHex(torrentInfoHash(added)!), infoHashHex);
});
