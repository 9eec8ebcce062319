/**
 * Tests `libreseed publish` of a version that is already published, when other rules now select its
 * files.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Home, newPlace, type Place } from "../../support/place.ts";

/** Publishes a directory together with a file that the current rules exclude. */
async function publishedWithAll(place: Place, home: Home) {
  const source = await place.source("hello", "1.0.0");
  await Deno.mkdir(join(source, "node_modules"));
  await Deno.writeTextFile(join(source, "node_modules", "x.js"), "x");
  const printed = await home.must(["publish", "--include-ignored", source]);
  return { source, printed, archive: await Deno.readFile(join(home.seed, "hello-1.0.0.tgz")) };
}

Deno.test("publish keeps the archive of a published version when the rules exclude other files today", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const { source, printed, archive } = await publishedWithAll(place, home);
  const again = await home.run(["publish", source]);
  assert.deepEqual([again.code, again.stdout], [0, printed], again.stderr);
  // A changed file that the current rules exclude does not prevent publishing again.
  await Deno.writeTextFile(join(source, "node_modules", "x.js"), "other");
  assert.equal(await home.must(["publish", source]), printed);
  // Ignore rules that exclude all files do not prevent publishing again either.
  await Deno.writeTextFile(join(source, ".libreseedignore"), "*\n");
  assert.equal(await home.must(["publish", source]), printed);
  assert.deepEqual(await Deno.readFile(join(home.seed, "hello-1.0.0.tgz")), archive);
  await Deno.writeTextFile(join(source, "package.json"), '{"name":"hello","version":"1.0.0" }');
  const changed = await home.run(["publish", source]);
  assert.deepEqual([changed.code, changed.stdout], [1, ""], changed.stderr);
});

Deno.test("publish finds the published version in the DHT in a home that has only the key", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const { source, printed, archive } = await publishedWithAll(place, home);
  const elsewhere = await place.home(home.keys);
  const again = await elsewhere.run(["publish", source]);
  assert.deepEqual([again.code, again.stdout], [0, printed], again.stderr);
  assert.deepEqual(await Deno.readFile(join(elsewhere.seed, "hello-1.0.0.tgz")), archive);
  // The newly packed archive differs from the published archive, and was removed.
  assert.deepEqual(
    elsewhere.files(),
    ["minimal.json", "tgz", "torrent"].map((e) => `hello-1.0.0.${e}`),
  );
  const third = await place.home(home.keys);
  await Deno.writeTextFile(join(source, "node_modules", "x.js"), "other");
  const { code, stderr } = await third.run(["publish", "--json", source]);
  assert.equal(code, 1);
  assert.equal(JSON.parse(stderr.trimEnd().split("\n").at(-1)!).error.code, "VERSION_TAKEN");
  assert.deepEqual(third.files(), []);
});

Deno.test("publish prints the summary before it puts the record, and the same one the second time", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("hello", "1.0.0");
  const { code, stderr } = await home.run(["publish", "-v", source]);
  assert.equal(code, 0, stderr);
  const said = stderr.indexOf("hello@1.0.0: 2 files, 40 B\n");
  assert(said !== -1 && said < stderr.indexOf("putting the record of hello@1.0.0"), stderr);
  const again = await home.run(["publish", source]);
  assert(again.stderr.includes("hello@1.0.0: 2 files, 40 B\n"), again.stderr);
  const ready = await home.run(["publish", join(home.seed, "hello-1.0.0.tgz")]);
  assert.match(ready.stderr, /^hello@1\.0\.0: 2 files, [\d.]+ \w+$/m);
});
