/**
 * Tests that a daemon publishes uploaded archives with this home's key only if the user wants it. The
 * archives are put into the seed directory by the test, as the HTTP server does, and the operation is called
 * over the control socket.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import { freePort } from "../../support/mod.ts";
import { type Home, newPlace, type Place } from "../../support/place.ts";
import { failure } from "./control_place.ts";

const UPLOAD = ".tmp-upload-1";

/** Packs a package of a home into an archive outside of its seed directory. */
async function packed(place: Place, home: Home, version: string, contents?: string) {
  const path = join(place.path, `${home.keys.publicKey[0]}-${contents ?? ""}-pkg-${version}.tgz`);
  await home.must(["pack", "-q", await place.source("pkg", version, contents), "-o", path]);
  return path;
}

/** Has the daemon of a home publish a copy of an archive; the file must be gone afterwards. */
async function publishing(home: Home, archive: string | undefined, tag?: string) {
  const found = await connectControl(home.path, { clock: systemClock });
  assert.ok(found);
  const upload = join(home.seed, UPLOAD);
  if (archive !== undefined) await Deno.copyFile(archive, upload);
  try {
    return await found.client.operations.publish({
      fileName: UPLOAD,
      ...(tag !== undefined && { tag }),
    });
  } finally {
    found.client.close();
    assert.ok(!home.files().some((name) => name.startsWith(".tmp-")), home.files().join(" "));
  }
}

Deno.test("an archive of this home's publisher is signed, put, listed and seeded", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const stranger = await place.home();
  const archive = await packed(place, home, "1.0.0");
  const other = await packed(place, home, "1.0.0", "other contents\n");
  const foreign = await packed(place, stranger, "1.0.0");
  const http = `127.0.0.1:${await freePort()}`;
  await using _daemon = await home.daemon(["--http", http, "--http-publish"]);
  const published = await publishing(home, archive, "beta");
  assert.deepEqual(
    [published.name, published.version, published.publisher],
    ["pkg", "1.0.0", home.publicKey],
  );
  assert.match(published.magnet, /^magnet:/);
  assert.ok(published.holding > 0);
  assert.ok(home.holders("pkg", "1.0.0").length > 0);
  assert.ok(home.files().includes("pkg-1.0.0.tgz"));
  assert.match(await home.must(["list"]), /pkg/);
  // Another home resolves the version by the tag, which the publisher's list has.
  assert.match(await stranger.must(["resolve", `${home.publicKey}/pkg@beta`]), /1\.0\.0/);

  const taken = await failure(publishing(home, other));
  assert.ok(["VERSION_TAKEN", "VERSION_EXISTS"].includes(taken.code), taken.code);
  const notOurs = await failure(publishing(home, foreign));
  assert.deepEqual([notOurs.kind, notOurs.code], ["failed", "NOT_THE_PUBLISHER"]);
  assert.match(notOurs.message, new RegExp(`by ${stranger.publicKey.replaceAll("+", "\\+")}, `));
  assert.match(notOurs.message, /POST \/v1\/archives/);
  const broken = join(place.path, "broken.tgz");
  await Deno.writeTextFile(broken, "no archive");
  const unreadable = await failure(publishing(home, broken));
  assert.ok(!unreadable.message.includes(home.seed), unreadable.message);
  assert.equal((await failure(publishing(home, archive, "not a tag!"))).code, "TAG_INVALID");
  assert.equal((await failure(publishing(home, undefined))).code, "NOT_AN_UPLOAD");
});

Deno.test("only an uploaded file is published and deleted", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const http = `127.0.0.1:${await freePort()}`;
  await using _daemon = await home.daemon(["--http", http, "--http-publish"]);
  const found = await connectControl(home.path, { clock: systemClock });
  assert.ok(found);
  for (const fileName of ["pkg-1.0.0.tgz", ".tmp-/../pkg-1.0.0.tgz", "../state.db", ".lock"]) {
    const error = await failure(found.client.operations.publish({ fileName }));
    assert.deepEqual([error.kind, error.code], ["usage", "NOT_AN_UPLOAD"]);
  }
  found.client.close();
  assert.ok(home.files().includes("pkg-1.0.0.tgz"));
});

Deno.test("without http-publish, or without HTTP, a daemon signs nothing and says so", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const archive = await packed(place, home, "1.0.0");
  for (const args of [["--http", `127.0.0.1:${await freePort()}`], ["--http-publish"]]) {
    const daemon = await home.daemon(args);
    await using _daemon = daemon;
    const error = await failure(publishing(home, archive));
    assert.deepEqual([error.kind, error.code], ["usage", "PUBLISH_OFF"]);
    assert.match(error.message, /--http-publish/);
    await daemon.end();
  }
  assert.deepEqual(home.holders("pkg", "1.0.0"), []);
});

Deno.test("a home without a key is warned at the start, and publishes nothing", async () => {
  await using place = await newPlace();
  const [home, author] = [await place.home(null), await place.home()];
  const archive = await packed(place, author, "1.0.0");
  const http = `127.0.0.1:${await freePort()}`;
  const daemon = await home.daemon(["--http", http, "--http-publish"]);
  await using _daemon = daemon;
  await daemon.process.waitForLine(/http-publish: nothing can be published now: /);
  assert.equal((await failure(publishing(home, archive))).code, "KEY_NOT_FOUND");
});

Deno.test("a daemon publishes with an encrypted key if it has the passphrase file, else says so", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const archive = await packed(place, home, "1.0.0");
  const passphrase = join(place.path, "passphrase");
  await Deno.writeTextFile(passphrase, "correct horse\n", { mode: 0o600 });
  const env = { LIBRESEED_PASSPHRASE_FILE: passphrase };
  await home.must(["key", "encrypt"], { env });
  const flags = async () => ["--http", `127.0.0.1:${await freePort()}`, "--http-publish"];
  {
    await using locked = await home.daemon(await flags());
    await locked.process.waitForLine(
      /http-publish: nothing can be published now: .*passphrase/i,
      "stderr",
    );
    const error = await failure(publishing(home, archive));
    assert.match(error.message, /LIBRESEED_PASSPHRASE_FILE/);
    assert.deepEqual(home.holders("pkg", "1.0.0"), []);
    await locked.end();
  }
  await using _daemon = await home.daemon(await flags(), { env });
  assert.equal((await publishing(home, archive)).version, "1.0.0");
});
