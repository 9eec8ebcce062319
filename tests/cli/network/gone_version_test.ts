/** Tests a package whose newest version has no seeders any more. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { newPlace, together } from "../../support/place.ts";

Deno.test("get skips a newest version without seeders, and says so", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  for (const version of ["1.0.0", "1.2.0"]) {
    await publisher.must(["publish", "-q", await place.source("pkg", version)]);
  }
  const spec = `${publisher.publicKey}/pkg`;
  // A reader that has once used the newest version refuses an older version (downgrade protection).
  const had = await place.home(null);
  await had.must(["get", spec]);
  await publisher.must(["remove", "pkg@1.2.0"]);
  for (const name of ["pkg-1.2.0.tgz", "pkg-1.2.0.minimal.json", "pkg-1.2.0.torrent"]) {
    await Deno.remove(join(had.seed, name));
  }
  const patience = ["--timeout", "4s"];
  // The next lookup has to succeed, so it gets a longer timeout for busy machines.
  const more = ["--timeout", "6s"];
  const keeping = async () => {
    const kept = await had.run(["get", spec, ...patience]);
    assert.equal(kept.code, 5, kept.stderr);
    assert.match(kept.stderr, /pkg@1\.2\.0/);
    assert.equal(kept.stdout, "");
  };
  const getting = async () => {
    const fresh = await place.home(null);
    const exact = await fresh.run(["get", `${spec}@1.2.0`, ...patience]);
    assert.deepEqual([exact.code, exact.stdout], [5, ""], exact.stderr);
    const got = await fresh.run(["get", spec, "--json", ...more]);
    assert.equal(got.code, 0, got.stderr);
    const { version, skipped } = JSON.parse(got.stdout);
    assert.equal(version, "1.0.0");
    assert.deepEqual(skipped.map((one: { version: string }) => one.version), ["1.2.0"]);
    assert.match(got.stderr, /"warning".*pkg@1\.2\.0 is listed but unavailable.*pkg@1\.0\.0/);
  };
  const installing = async () => {
    const home = await place.home(null);
    const installed = await home.run(["install", `${spec}@^1`, "--json", ...more]);
    assert.equal(installed.code, 0, installed.stderr);
    const result = JSON.parse(installed.stdout);
    assert.deepEqual([result.version, result.skipped.length], ["1.0.0", 1]);
  };
  await together([keeping(), getting(), installing()]);
  await daemon.end();
});
