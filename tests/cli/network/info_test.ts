/**
 * Tests `libreseed info` by running the program as a child process, with and without a daemon.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Home, newPlace, type Place } from "../../support/place.ts";

const BIG_BYTES = 100_000_000;
/** Maximum number of bytes of an archive that `info` may download, for a package of 100 MB. */
const MAX_FETCHED_BYTES = 300_000;

/** Writes a package of 100 MB that does not shrink, with texts that a terminal would obey. */
async function bigSource(place: Place): Promise<string> {
  const source = await place.source("big", "1.2.0");
  const metadata = {
    name: "big",
    version: "1.2.0",
    description: "A \u202etool",
    author: { name: "Ann", email: "ann@example.org" },
    license: "MIT",
    homepage: "https://example.org/",
    libreseed: { dependencies: { small: "^1.0.0" } },
  };
  await Deno.writeTextFile(join(source, "package.json"), JSON.stringify(metadata));
  const file = await Deno.open(join(source, "z.bin"), { create: true, write: true });
  try {
    const bytes = new Uint8Array(BIG_BYTES / 100);
    for (let part = 0; part < 100; part++) {
      for (let at = 0; at < bytes.length; at += 50_000) {
        crypto.getRandomValues(bytes.subarray(at, at + 50_000));
      }
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    }
  } finally {
    file.close();
  }
  return source;
}

async function uploadedBytes(home: Home): Promise<number> {
  return JSON.parse(await home.must(["status", "--json"])).uploadedBytes;
}

Deno.test("info shows a package of 100 MB, and downloads less than 300 kB of it", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon();
  const source = await bigSource(place);
  await publisher.must(["publish", "-q", await place.source("big", "1.1.0", "old\n")]);
  await publisher.must(["publish", "-q", source]);
  const reader = await place.home(null);
  const borrower = await place.home(null);
  await using reads = await borrower.daemon();
  let before = await uploadedBytes(publisher);
  for (const home of [reader, borrower]) {
    const { code, stdout, stderr } = await home.run(["info", "--json", "--files", "big"]);
    assert.equal(code, 0, stderr);
    const { lengthBytes, fetchedBytes, magnet, timestampMs, versions, files, rendezvous, ...info } =
      JSON.parse(
        stdout,
      );
    assert.deepEqual(info, {
      name: "big",
      version: "1.2.0",
      description: "A \u202etool",
      author: "Ann <ann@example.org>",
      license: "MIT",
      homepage: "https://example.org/",
      publisher: publisher.publicKey,
      fingerprint: info.fingerprint,
      pinned: false,
      trusted: false,
      fileCount: 3,
      dependencies: { small: "^1.0.0" },
      seeders: 1,
    });
    assert.ok(rendezvous.found >= 0 && Array.isArray(rendezvous.seeders));
    assert.match(magnet, /^magnet:/);
    // This home has no manifest of the older version: its date comes from the DHT.
    const [newest, older] = versions;
    assert.deepEqual([newest, older.version], [{ version: "1.2.0", timestampMs }, "1.1.0"]);
    assert.ok(older.timestampMs > Date.now() - 3_600_000 && older.timestampMs < timestampMs);
    assert.deepEqual(
      files.map((file: { path: string; sizeBytes?: number }) => [file.path, file.sizeBytes]),
      [["package.json", undefined], ["read me.txt", undefined], ["z.bin", undefined]],
    );
    assert.ok(lengthBytes > BIG_BYTES);
    assert.ok(fetchedBytes > 0 && fetchedBytes < MAX_FETCHED_BYTES, `${fetchedBytes}`);
    const after = await uploadedBytes(publisher);
    assert.ok(after - before < MAX_FETCHED_BYTES, `the seeder has sent ${after - before} bytes`);
    before = after;
    // Nothing of the archive stays.
    assert.deepEqual(home.files(), []);
  }
  const text = await reader.must(["info", "big"]);
  assert.match(text, /^big@1\.2\.0\n {2}description {2}A \\u\{202e\}tool\n/);
  assert.match(text, /\n {2}licence {6}MIT\n/);
  assert.match(text, /, not pinned\n/);
  assert.match(
    text,
    /\n {2}versions {5}1\.2\.0 {2}\d{4}-\d\d-\d\d\n {15}1\.1\.0 {2}\d{4}-\d\d-\d\d\n/,
  );
  await reads.end();
  await daemon.end();
});

Deno.test("info of an archive in the seed directory downloads nothing, and knows all lengths", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const daemon = await publisher.daemon();
  const source = await place.source("small", "1.0.0", "text\n");
  await publisher.must(["publish", "-q", source]);
  const reader = await place.home(null);
  await reader.must(["get", "small"]);
  await daemon.end();
  const info = JSON.parse(await reader.must(["info", "--json", "--files", "small"]));
  assert.equal(info.fetchedBytes, 0);
  assert.equal(info.pinned, true);
  assert.equal(info.path, join(reader.seed, "small-1.0.0.tgz"));
  assert.ok(info.unpackedBytes > 0);
  assert.deepEqual(
    info.files.map((file: { path: string; sizeBytes: number }) => [file.path, file.sizeBytes]),
    [["package.json", 34], ["read me.txt", 5]],
  );
});

Deno.test("info and get of one archive at the same time share what they download", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await using daemon = await publisher.daemon(["--upload-limit", "1MB"]);
  const source = await place.source("pkg", "1.0.0");
  const bytes = new Uint8Array(4_000_000);
  for (let at = 0; at < bytes.length; at += 50_000) {
    crypto.getRandomValues(bytes.subarray(at, at + 50_000));
  }
  await Deno.writeFile(join(source, "z.bin"), bytes);
  await publisher.must(["publish", "-q", source]);
  const reader = await place.home(null);
  await using reads = await reader.daemon();
  const commands = [["info", "pkg"], ["get", "-q", "pkg"], ["info", "pkg"], ["info", "pkg"]];
  const results = await Promise.all(commands.map((args) => reader.run(args)));
  for (const { code, stdout, stderr } of results) {
    assert.equal(code, 0, stderr);
    assert.match(stdout, /pkg/);
  }
  await reader.must(["verify", "-q", join(reader.seed, "pkg-1.0.0.tgz")]);
  assert.deepEqual(reader.files().filter((name) => name.startsWith(".")), []);
  await reads.end();
  await daemon.end();
});

Deno.test("info tells why nothing was found, and that nobody sends an archive", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const daemon = await publisher.daemon();
  await publisher.must(["publish", "-q", await place.source("gone", "1.0.0")]);
  await daemon.end();
  const reader = await place.home(null);
  const options = { env: { LIBRESEED_TIMEOUT: "3s" } };
  const missing = await reader.run(["info", "nothing"], options);
  assert.equal(missing.code, 3, missing.stderr);
  const unseeded = await reader.run(["info", `${publisher.publicKey}/gone`], options);
  assert.deepEqual([unseeded.code, unseeded.stdout], [5, ""], unseeded.stderr);
  assert.deepEqual(reader.files(), []);
});
