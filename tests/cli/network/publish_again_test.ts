/** Tests `libreseed publish` of what is published already, with child processes on a testnet. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { newPlace, together } from "../../support/place.ts";

Deno.test("publish accepts a differently compressed copy of a published version, and refuses changed contents", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("same", "1.0.0");
  const archive = join(place.path, "same.tgz");
  await home.must(["pack", "-q", source, "--out", archive]);
  // The test replaces the archive by one with the same contents and another compression level, as
  // another version of libreseed may produce.
  const plain = gunzipSync(await Deno.readFile(archive));
  await Deno.writeFile(archive, gzipSync(plain, { level: 1 }));
  await Deno.remove(join(place.path, "same.minimal.json"));
  const published = await home.must(["publish", archive]);
  const before = await Deno.readFile(join(home.seed, "same-1.0.0.tgz"));
  assert.equal(await home.must(["publish", source]), published);
  assert.deepEqual(await Deno.readFile(join(home.seed, "same-1.0.0.tgz")), before);

  await Deno.writeTextFile(join(source, "more"), "x");
  const changed = await home.run(["publish", source]);
  assert.deepEqual([changed.code, changed.stdout], [1, ""]);
  assert.match(changed.stderr, /published already, with other bytes|other contents/);
  assert.deepEqual(await Deno.readFile(join(home.seed, "same-1.0.0.tgz")), before);
});

Deno.test("publishing the same bytes again succeeds and keeps the record", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("same", "1.0.0");
  const first = await home.must(["publish", source]);
  const seqs = () =>
    home.holders("same", "1.0.0").map((node) => node.holds(home.target("same", "1.0.0"))!.seq);
  const before = seqs();
  assert.equal(await home.must(["publish", source]), first);
  assert.deepEqual(seqs(), before);
  const another = await place.home(home.keys);
  assert.equal(await another.must(["publish", source]), first);
  assert.deepEqual(seqs(), before);
});

Deno.test("publish refuses a published version with other bytes, also on another machine", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const first = await place.source("fixed", "1.0.0", "first\n");
  const second = await place.source("fixed", "1.0.0", "second\n");
  await home.must(["publish", first]);
  const archive = await Deno.readFile(join(home.seed, "fixed-1.0.0.tgz"));
  for (
    const [env, code] of [[{}, "VERSION_TAKEN"], [
      { LIBRESEED_DHT: "false" },
      "VERSION_EXISTS",
    ]] as const
  ) {
    const here = await home.run(["publish", "--json", second], { env });
    assert.deepEqual([here.code, here.stdout], [1, ""]);
    assert.equal(JSON.parse(here.stderr.trimEnd().split("\n").at(-1)!).error.code, code);
  }
  assert.deepEqual(await Deno.readFile(join(home.seed, "fixed-1.0.0.tgz")), archive);

  const elsewhere = await place.home(home.keys);
  const there = await elsewhere.run(["publish", "--json", second]);
  assert.deepEqual([there.code, there.stdout], [1, ""]);
  assert.equal(JSON.parse(there.stderr.trimEnd().split("\n").at(-1)!).error.code, "VERSION_TAKEN");
  // No archive may be left in the seed directory: the next daemon would seed it although no record
  // names it.
  assert.deepEqual(elsewhere.files(), []);
  assert.match((await elsewhere.run(["announce"])).stderr, /keeps no records/);
  // Publishing the original contents of the published version succeeds.
  await elsewhere.must(["publish", first]);
});

Deno.test("records published without the DHT never replace newer records of another machine", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const elsewhere = await place.home(home.keys);
  const none = { env: { LIBRESEED_BOOTSTRAP: "none" } };
  const mine = await place.source("mine", "1.0.0");
  const taken = await place.source("theirs", "1.0.0", "other bytes\n");
  assert.equal((await home.run(["publish", mine, taken], none)).code, 5);
  await elsewhere.must(["publish", "-q", await place.source("theirs", "1.0.0")]);
  const announced = await home.must(["announce"]);
  assert.match(announced, /^mine@1\.0\.0\tstored on 8 nodes/m);
  assert.match(announced, /^theirs@1\.0\.0\tsuperseded/m);
  // The daemon's schedule may have found the newer record before `announce` ran; both reports are
  // valid.
  assert.match(announced, /^announce record\t(superseded|stored on 8 nodes \(0 new\))/m);
  const other = await place.home(null);
  const find = async (spec: string) =>
    JSON.parse(await other.must(["resolve", "--json", `${home.publicKey}/${spec}`])).archiveSha256;
  const { sha256 } = JSON.parse(await elsewhere.must(["list", "--json"]));
  assert.equal(await find("theirs@^1"), `sha256:${sha256}`);
  // The next `publish` starts from the newer list, which another machine has published. It adds its
  // own package and the packages of this home that the newer list lacks.
  await home.must(["publish", "-q", await place.source("next", "1.0.0")]);
  await together(["mine@^1", "theirs@^1", "next@^1"].map(find));
});
