/**
 * Archives whose only seeder announces itself at the publisher's rendezvous alone, as a mirror does that
 * has more versions than its announce budget.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import { manifestValue } from "../../../src/fetching/manifest_record.ts";
import { manifestSalt, publisherRendezvous } from "../../../src/records/mod.ts";
import { TestEngine } from "../../support/engines.ts";
import { type Home, newPlace, type Place } from "../../support/place.ts";
import { signedItem } from "../../support/signed.ts";

/** Publishes a package without ever announcing its archive, and starts a mirror of it. */
async function publishedAndMirrored(place: Place) {
  const publisher = await place.home();
  const published = JSON.parse(
    await publisher.must(["publish", "--json", await place.source("hidden", "1.0.0")]),
  );
  const { infohash, magnet, path } = published;
  // Nobody announces the archive, because no daemon has ever run.
  const mirror = await TestEngine.start({ testnet: place.testnet });
  const { size: lengthBytes } = await Deno.stat(path);
  const torrent = path.replace(/\.tgz$/, ".torrent");
  await mirror.engine.seed([{ infoHashHex: infohash, filePath: path, torrent, lengthBytes }]);
  const manager = mirror.manager();
  const rendezvous = publisherRendezvous(publisher.keys.publicKey);
  const { stored } = await manager.announcePeer(rendezvous, mirror.engine.port);
  assert.ok(stored > 0);
  const { peers } = await manager.findPeers(fromHex(infohash)!);
  assert.deepEqual(peers, [], "nobody announces the archive itself");
  await manager.stop(1_000);
  return { publisher, mirror, infohash, magnet };
}

/** Whether a home has the archive in its seed directory. */
function hasArchive(home: Home): boolean {
  return home.files().some((name) => name.startsWith("hidden-1.0.0"));
}

Deno.test("get and install download from a mirror that announces only the publisher", async () => {
  await using place = await newPlace();
  const { publisher, mirror, magnet } = await publishedAndMirrored(place);
  await using _ = mirror;
  for (
    const args of [
      ["get", "hidden"],
      ["get", `${publisher.publicKey}/hidden@^1`],
      ["get", "--file", "read me.txt", "-o", "-", "hidden@1.0.0"],
      ["get", magnet],
      ["install", "hidden@1.0.0"],
    ]
  ) {
    const reader = await place.home(null);
    await reader.must(args);
    if (!args.includes("--file")) assert.ok(hasArchive(reader), args.join(" "));
  }
});

Deno.test("a bare infohash leads to nobody where the publisher leads to a mirror", async () => {
  await using place = await newPlace();
  const { mirror, infohash } = await publishedAndMirrored(place);
  await using _ = mirror;
  const reader = await place.home(null);
  const bare = await reader.run(["get", "--timeout", "3s", `magnet:?xt=urn:btih:${infohash}`]);
  assert.equal(bare.code, 5, bare.stderr);
  assert.match(bare.stderr, /NO_PEERS|No peer that has/);
});

Deno.test("an exact version and a magnet link lead to an archive of which the DHT has no record", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const source = await place.source("unlisted", "1.0.0");
  const archive = join(place.path, "unlisted-1.0.0.tgz");
  const packed = JSON.parse(await publisher.must(["pack", "--json", "-o", archive, source]));
  const value = manifestValue(JSON.parse(await Deno.readTextFile(packed.minimal)));
  const salt = manifestSalt("unlisted", "1.0.0");
  const record = signedItem(publisher.keys, { salt, seq: Date.now(), value });
  await using mirror = await TestEngine.start({
    testnet: place.testnet,
    onQuestion: ({ kind }) =>
      Promise.resolve({ entries: [], items: kind === "manifest" ? [record] : [] }),
  });
  const rendezvous = publisherRendezvous(publisher.keys.publicKey);
  mirror.engine.rendezvous.setPlaces(new Set([toHex(rendezvous)]));
  await mirror.engine.seed([{
    ...{ infoHashHex: packed.infohash, filePath: packed.path, torrent: packed.torrent },
    lengthBytes: packed.length,
  }]);
  const manager = mirror.manager();
  await manager.announcePeer(rendezvous, mirror.engine.port);
  await manager.stop(1_000);
  for (const spec of [`${publisher.publicKey}/unlisted@1.0.0`, packed.magnet]) {
    const reader = await place.home(null);
    await reader.must(["get", spec]);
    assert.ok(reader.files().some((name) => name.startsWith("unlisted-1.0.0")), spec);
  }
  const reader = await place.home(null);
  const missing = await reader.run(["get", `${publisher.publicKey}/unlisted@2.0.0`]);
  assert.equal(missing.code, 3, missing.stderr);
});
