/**
 * Tests that an update is fetched without what an older version, or another package, has as well. All
 * commands and daemons run as child processes; the seeder's own counters say what it has sent.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { formatBytes } from "../../../src/base/mod.ts";
import { noise } from "../../support/listed_archives.ts";
import { eventually, type Home, newPlace, type Place } from "../../support/place.ts";

const FILES = 24;
const FILE_BYTES = 100_000;

/** Makes a directory to publish, with files of random bytes. Files with the same number are equal. */
async function source(place: Place, name: string, version: string, numbers: readonly number[]) {
  const path = await place.source(name, version);
  for (const [n, number] of numbers.entries()) {
    await Deno.writeFile(join(path, `${n}.bin`), noise(number, FILE_BYTES));
  }
  return path;
}

const same = Array.from({ length: FILES }, (_, n) => n);
/** The numbers of the files of an update, in which one file has changed. */
const changed = same.map((n) => n === 7 ? 100 : n);

/** Publishes two versions of a package. Returns the bytes that the seeder has sent so far. */
async function publishTwo(place: Place, publisher: Home) {
  const old = await source(place, "pkg", "1.0.0", same);
  const recent = await source(place, "pkg", "1.1.0", changed);
  await publisher.must(["publish", "-q", old, recent]);
  const sent = async () => JSON.parse(await publisher.must(["status", "--json"])).uploadedBytes;
  const lengthBytes = (await Deno.stat(join(publisher.seed, "pkg-1.1.0.tgz"))).size;
  return { sent: sent as () => Promise<number>, lengthBytes };
}

const result = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1)!);

Deno.test("get of an update fetches little more than what has changed", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  const { sent, lengthBytes } = await publishTwo(place, publisher);
  const reader = await place.home(null);
  const wanted = `${publisher.publicKey}/pkg`;
  const first = result(await reader.must(["get", "--json", `${wanted}@1.0.0`]));
  assert.equal(first.reusedBytes, 0);
  assert.ok(first.fetchedBytes >= FILES * FILE_BYTES, `${first.fetchedBytes}`);

  const before = await sent();
  const { code, stdout, stderr } = await reader.run(["get", "--json", "-v", `${wanted}@1.1.0`]);
  assert.equal(code, 0, stderr);
  const { path, reusedBytes, fetchedBytes } = result(stdout);
  const uploaded = await sent() - before;
  assert.ok(uploaded < lengthBytes / 4, `the seeder sent ${uploaded} of ${lengthBytes} bytes`);
  assert.ok(fetchedBytes < lengthBytes / 4, `${fetchedBytes} of ${lengthBytes} bytes were fetched`);
  assert.ok(reusedBytes > lengthBytes * 3 / 4, `${reusedBytes} of ${lengthBytes} were reused`);
  const copied = `${formatBytes(reusedBytes)} copied from other archives, ` +
    `${formatBytes(fetchedBytes)} fetched`;
  assert.ok(stderr.includes(copied), stderr);
  assert.deepEqual(
    await Deno.readFile(path),
    await Deno.readFile(join(publisher.seed, "pkg-1.1.0.tgz")),
  );
  await reader.must(["verify", path]);

  // Another reader asks for everything.
  const other = await place.home(null);
  await other.must(["get", "-q", `${wanted}@1.0.0`]);
  const whole = result(await other.must(["get", "--json", "--no-reuse", `${wanted}@1.1.0`]));
  assert.equal(whole.reusedBytes, 0);
  assert.ok(whole.fetchedBytes >= FILES * FILE_BYTES, `${whole.fetchedBytes}`);
  await daemon.end();
});

Deno.test("a daemon reuses what it seeds, also of other packages, and says what that saved", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  const { lengthBytes } = await publishTwo(place, publisher);
  const another = await place.home();
  await using _anothers = await another.daemon();
  await another.must(["publish", "-q", await source(place, "other", "3.0.0", changed)]);

  const mirror = await place.home(null);
  await using mirroring = await mirror.daemon(["--http", "127.0.0.1:0"]);
  await mirror.must(["get", "-q", `${another.publicKey}/other`]);
  // Packages of two publishers share all files but `package.json`.
  const { reusedBytes } = result(
    await mirror.must(["get", "--json", `${publisher.publicKey}/pkg@1.1.0`]),
  );
  assert.ok(reusedBytes > lengthBytes * 3 / 4, `${reusedBytes} of ${lengthBytes} were reused`);
  const status = JSON.parse(await mirror.must(["status", "--json"]));
  assert.equal(status.reusedBytes, reusedBytes);
  assert.match(await mirror.must(["status"]), /saved by reuse/);

  // A host that does not seed uses archives of the publisher alone.
  const reader = await place.home(null);
  await reader.must(["get", "-q", `${another.publicKey}/other`]);
  const alone = result(await reader.must(["get", "--json", `${publisher.publicKey}/pkg@1.1.0`]));
  assert.equal(alone.reusedBytes, 0);
  for (const one of [mirroring, _anothers, daemon]) await one.end();
});

Deno.test("upgrade copies from the version before, and tells how much", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  await publisher.must(["publish", "-q", await source(place, "pkg", "1.0.0", same)]);
  const reader = await place.home(null);
  const wanted = `${publisher.publicKey}/pkg`;
  const first = result(await reader.must(["install", "--json", wanted]));
  assert.equal(first.reusedBytes, 0);
  assert.ok(first.fetchedBytes >= FILES * FILE_BYTES, `${first.fetchedBytes}`);
  assert.equal(result(await reader.must(["install", "--json", wanted])).fetchedBytes, 0);
  await publisher.must(["publish", "-q", await source(place, "pkg", "1.1.0", changed)]);
  const { code, stdout, stderr } = await reader.run(["upgrade", "--json", "-v", "--installed"]);
  assert.equal(code, 0, stderr);
  const { version, reusedBytes, fetchedBytes } = result(stdout);
  assert.equal(version, "1.1.0");
  assert.ok(reusedBytes > FILES * FILE_BYTES * 3 / 4, `${reusedBytes} bytes were reused`);
  assert.ok(fetchedBytes < FILES * FILE_BYTES / 4, `${fetchedBytes} bytes were fetched`);
  assert.ok(stderr.includes(`; 1 download, ${fetchedBytes} bytes`), stderr);
  await daemon.end();
});

Deno.test("a mirror reuses the older versions that it has", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  await publisher.must(["publish", "-q", await source(place, "pkg", "1.0.0", same)]);
  const mirror = await place.home(null);
  await using mirroring = await mirror.daemon(["--mirror", "--reannounce-interval", "1m"]);
  await mirror.must(["follow", publisher.publicKey]);
  const files = () => mirror.files().filter((name) => name.endsWith(".tgz"));
  await eventually(() => files().length === 1);
  await publisher.must(["publish", "-q", await source(place, "pkg", "1.1.0", changed)]);
  await mirror.must(["follow", publisher.publicKey]);
  await eventually(async () => {
    const { reusedBytes } = JSON.parse(await mirror.must(["status", "--json"]));
    return files().length === 2 && reusedBytes > FILES * FILE_BYTES * 3 / 4;
  });
  for (const one of [mirroring, daemon]) await one.end();
});
