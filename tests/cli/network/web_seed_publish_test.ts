/** Tests that `pack` and `publish` write web seeds, and that nothing that follows loses them. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fromHex } from "../../../src/base/mod.ts";
import { webSeedsOfTorrent } from "../../../src/package/mod.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  decodeManifestRecord,
  manifestSalt,
  parseMagnet,
} from "../../../src/records/mod.ts";
import { Home } from "../../support/engine_home.ts";
import { newPlace } from "../../support/place.ts";

const DIRECTORY = "http://127.0.0.1:1/packages/";
const FILE = "http://127.0.0.1:2/tool-1.0.0.tgz";

Deno.test("web seeds stand in torrent, records and magnet, and stay", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const { publicKey } = publisher.keys;
  await using home = await Home.open(await Deno.makeTempDir({ dir: place.path }), place.testnet);
  const lookUp = async (salt: Uint8Array) =>
    (await home.node.operations.lookUp({ publicKey, salt })).item!;
  const inManifest = async (version = "1.0.0") =>
    decodeManifestRecord((await lookUp(manifestSalt("tool", version))).value).webSeeds;
  const inList = async () => decodeAnnounceRecord((await lookUp(announceSalt(publicKey))).value);
  const listed = async () =>
    (await publisher.must(["list", "--json"])).trim().split("\n")
      .map((line) => JSON.parse(line));
  const torrentAt = (path: string) => Deno.readFile(path.replace(/\.tgz$/, ".torrent"));
  const first = await publisher.daemon();
  const source = await place.source("tool", "1.0.0");

  const seeds = ["--web-seed", FILE, "--web-seed", DIRECTORY];
  const published = JSON.parse(await publisher.must(["publish", "--json", ...seeds, source]));
  assert.deepEqual(published.webSeeds, [FILE, DIRECTORY]);
  assert.deepEqual(parseMagnet(published.magnet).webSeeds, [FILE, DIRECTORY]);
  assert.deepEqual(webSeedsOfTorrent(await torrentAt(published.path)), [FILE, DIRECTORY]);
  assert.deepEqual(await inManifest(), [FILE, DIRECTORY]);
  assert.deepEqual((await inList()).webSeeds, [DIRECTORY]);
  assert.deepEqual((await inList()).packages, new Map([["tool", ["1.0.0"]]]));

  // Publishing again, restarting and announcing again keep them.
  await publisher.must(["publish", source]);
  await first.end();
  const second = await publisher.daemon();
  await publisher.must(["announce"]);
  assert.deepEqual(await inManifest(), [FILE, DIRECTORY]);
  const [one] = await listed();
  assert.deepEqual(one.webSeeds, [FILE, DIRECTORY]);
  assert.deepEqual(parseMagnet(one.magnet).webSeeds, [FILE, DIRECTORY]);
  assert.equal(one.infoHash, published.infohash);

  // Another list replaces them, and leaves archive and infohash as they are.
  const moved = await publisher.must(["publish", "--json", "--web-seed", DIRECTORY, source]);
  assert.equal(JSON.parse(moved).infohash, published.infohash);
  assert.deepEqual(await inManifest(), [DIRECTORY]);
  assert.deepEqual(webSeedsOfTorrent(await torrentAt(published.path)), [DIRECTORY]);

  const none = await publisher.must(["publish", "--json", "--web-seed", "none", source]);
  assert.equal(JSON.parse(none).webSeeds, undefined);
  assert.equal(await inManifest(), undefined);
  assert.equal((await inList()).webSeeds, undefined);
  assert.deepEqual(webSeedsOfTorrent(await torrentAt(published.path)), []);
  await second.end();
});

Deno.test("a packed archive keeps its web seeds when it is published or added", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const source = await place.source("tool", "1.0.0");
  const archive = join(place.path, "tool.tgz");
  const packing = [
    "pack",
    "--json",
    "--allow-local",
    "-o",
    archive,
    "--web-seed",
    DIRECTORY,
    source,
  ];
  const packed = JSON.parse(await publisher.must(packing));
  assert.deepEqual(parseMagnet(packed.magnet).webSeeds, [DIRECTORY]);
  assert.deepEqual(parseMagnet(packed.magnet).infoHash, fromHex(packed.infohash));
  assert.deepEqual(webSeedsOfTorrent(await Deno.readFile(packed.torrent)), [DIRECTORY]);

  const published = await publisher.must(["publish", "--json", archive]);
  assert.deepEqual(JSON.parse(published).webSeeds, [DIRECTORY]);
  const other = await place.home();
  await using daemon = await other.daemon();
  await other.must(["add", archive]);
  const [added] = (await other.must(["list", "--json"])).trim().split("\n");
  assert.deepEqual(JSON.parse(added!).webSeeds, [DIRECTORY]);
  await daemon.end();
});

Deno.test("a web seed that no reader could use is refused before anything is packed", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const source = await place.source("tool", "1.0.0");
  const cases: [string[], RegExp][] = [
    [["--web-seed", "ftp://e.example/"], /ftp:\/\/e\.example\/ is no http or https URL/],
    [["--web-seed", "http://u:p@e.example/"], /has credentials/],
    [["--web-seed", "none", "--web-seed", DIRECTORY], /together with a URL/],
    [["--no-allow-local", "--web-seed", DIRECTORY], /this machine or a private network/],
    [[1, 2, 3, 4, 5].flatMap((n) => ["--web-seed", `http://${n}.example/`]), /at most 4 URLs/],
    [["--web-seed", FILE, source], /URL of one archive, but several paths/],
  ];
  for (const [flags, says] of cases) {
    const { code, stderr } = await publisher.run(["publish", ...flags, source]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
  }
  assert.deepEqual(publisher.files(), []);
});
