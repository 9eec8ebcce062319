/**
 * Tests `libreseed get` with forged records, with seeders that send corrupt data, and after an
 * interrupted download.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fromBase64, fromHex, systemClock, toHex } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import type { KeyPair } from "../../../src/identity/mod.ts";
import { type MinimalManifest, parseMinimal, parseSha256 } from "../../../src/package/mod.ts";
import { encodeManifestRecord, manifestSalt, type MutableItem } from "../../../src/records/mod.ts";
import { freePort } from "../../support/mod.ts";
import { eventually, type Home, magnetIn, newPlace } from "../../support/place.ts";
import { signedItem, signedMinimal, signedRecord } from "../../support/signed.ts";

/** Puts a record with arbitrary contents into the DHT through a home's daemon. */
async function put(home: Home, item: MutableItem, version: string): Promise<void> {
  const { client } = (await connectControl(home.path, { clock: systemClock }))!;
  try {
    const record = { kind: "manifest", name: "pkg", version } as const;
    assert((await client.operations.store({ item, record })).holding > 0);
  } finally {
    client.close();
  }
}

async function minimalIn(home: Home, file: string): Promise<MinimalManifest> {
  return parseMinimal(await Deno.readFile(join(home.seed, `${file}.minimal.json`)));
}

/**
 * Makes a manifest record of the manifest `minimal`, signed by `keys` with the salt of the given
 * version of "pkg".
 */
function misplaced(minimal: MinimalManifest, keys: KeyPair, version: string): MutableItem {
  const value = encodeManifestRecord({
    infoHash: fromHex(minimal.btih)!,
    archiveSha256: parseSha256(minimal.archiveSha256)!,
    lengthBytes: minimal.length,
    name: minimal.name,
    version: minimal.version,
    timestampMs: minimal.timestamp,
    signature: fromBase64(minimal.signature.slice("ed25519:".length))!,
  });
  return signedItem(keys, { salt: manifestSalt("pkg", version), seq: 1, value });
}

const isServed = (home: Home) => async () => /seeding/.test(await home.must(["list"]));

Deno.test("get refuses a record or link that names a wrong archive", async () => {
  await using place = await newPlace();
  const [honest, liar, home] = [await place.home(), await place.home(), await place.home(null)];
  await using serves = await honest.daemon();
  await using lies = await liar.daemon();
  const line = await honest.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const minimal = await minimalIn(honest, "pkg-1.0.0");

  // A valid record of version 1.0.0, stored at the DHT target of version 2.0.0.
  const { keys } = liar;
  const { protocol: _, pubkey: _key, signature: _signature, ...fields } = minimal;
  const stolen = signedMinimal(fields, keys);
  await put(liar, misplaced(stolen, keys, "2.0.0"), "2.0.0");
  const elsewhere = await home.run(["get", `${liar.publicKey}/pkg@2.0.0`]);
  assert.deepEqual([elsewhere.code, elsewhere.stdout], [4, ""], elsewhere.stderr);
  assert.match(elsewhere.stderr, /pkg@2\.0\.0 names pkg@1\.0\.0/);

  // A record of one publisher with a manifest that another publisher signed.
  await put(liar, misplaced(minimal, keys, "1.0.0"), "1.0.0");
  const unsigned = await home.run(["get", `${liar.publicKey}/pkg@1.0.0`]);
  assert.deepEqual([unsigned.code, unsigned.stdout], [4, ""], unsigned.stderr);
  assert.match(unsigned.stderr, /not signed by/);

  // A valid record whose infohash is that of another publisher's archive.
  await put(liar, signedRecord(stolen, keys, 2), "1.0.0");
  const foreign = await home.run(["get", `${liar.publicKey}/pkg@1.0.0`]);
  assert.deepEqual([foreign.code, foreign.stdout], [4, ""], foreign.stderr);
  assert(foreign.stderr.includes(honest.publicKey), foreign.stderr);

  // A magnet link whose infohash differs from the infohash in the publisher's record.
  const magnet = magnetIn(line).replace(minimal.btih, toHex(randomBytes(20)));
  const crossed = await home.run(["get", magnet]);
  assert.deepEqual([crossed.code, crossed.stdout], [4, ""], crossed.stderr);
  assert(crossed.stderr.includes(minimal.btih), crossed.stderr);

  assert.deepEqual(home.files(), []);
  await serves.end();
  await lies.end();
});

Deno.test("get never accepts bytes that have changed on the seeder's disk", async () => {
  await using place = await newPlace();
  const [seeder, home] = [await place.home(), await place.home(null)];
  await using daemon = await seeder.daemon(["--watch", "off"]);
  await seeder.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const archive = join(seeder.seed, "pkg-1.0.0.tgz");
  const bytes = await Deno.readFile(archive);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(archive, bytes);

  const env = { LIBRESEED_TIMEOUT: "3s" };
  const out = join(place.path, "out");
  const { code, stdout } = await home.run(
    ["get", `${seeder.publicKey}/pkg@1.0.0`, "-o", out],
    { env },
  );
  assert.deepEqual([code, stdout], [5, ""]);
  assert.deepEqual(home.files().filter((name) => !name.startsWith(".partial-")), []);
  await assert.rejects(Deno.stat(out), Deno.errors.NotFound);

  // After the seeder's archive is repaired, the same command succeeds.
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(archive, bytes);
  await home.must(["get", `${seeder.publicKey}/pkg@1.0.0`, "-o", out]);
  await daemon.end();
});

Deno.test("get resumes an interrupted download", async () => {
  await using place = await newPlace();
  const [seeder, home] = [await place.home(), await place.home(null)];
  const source = await place.source("big", "1.0.0");
  await Deno.writeFile(join(source, "noise"), randomBytes(8 << 20));
  const what = `${seeder.publicKey}/big@1.0.0`;
  const port = ["--port", `${await freePort()}`];
  const downloaded = () => {
    const partial = home.files().find((name) => name.startsWith(".partial-"));
    // The count is of written disk blocks, because the file's length includes reserved space.
    return partial === undefined ? 0 : Deno.statSync(join(home.seed, partial)).blocks! * 512;
  };
  {
    await using slow = await seeder.daemon(["--upload-limit", "512KiB", ...port]);
    await seeder.must(["publish", "-q", source]);
    await using getting = home.spawn(["get", what]);
    await eventually(() => downloaded() > 1 << 20);
    getting.kill("SIGINT");
    const { code, stdout } = await getting.result;
    assert.deepEqual([code, stdout], [130, ""]);
    await slow.end();
  }
  assert(downloaded() > 1 << 20);
  assert(!home.files().includes("big-1.0.0.tgz"));

  await using daemon = await seeder.daemon(port);
  await eventually(isServed(seeder));
  const path = (await home.must(["get", what])).trimEnd();
  assert.deepEqual(
    await Deno.readFile(path),
    await Deno.readFile(join(seeder.seed, "big-1.0.0.tgz")),
  );
  const { uploadedBytes, lengthBytes } = JSON.parse(await seeder.must(["list", "--json"]));
  assert(uploadedBytes < lengthBytes - (1 << 19), `${uploadedBytes} of ${lengthBytes} sent again`);
  await daemon.end();
});

Deno.test("a command continues its download itself when the engine's owner ends", async () => {
  await using place = await newPlace();
  const seeder = await place.home();
  const source = await place.source("big", "1.0.0");
  await Deno.writeFile(join(source, "noise"), randomBytes(5 << 20));
  await using slow = await seeder.daemon();
  await seeder.must(["publish", "-q", source]);
  const limitUpload = async (limit: string) => {
    await seeder.configure(`upload-limit: ${limit}\n`);
    await seeder.must(["reload"]);
  };
  const mine = await place.source("mine", "1.0.0");
  // The engine belongs either to a daemon that is stopped or to a command that is interrupted.
  for (const args of [["seed"], ["publish", "--seed-for", "10m", mine]]) {
    // The upload limit keeps the download from completing before the engine's owner has ended.
    await limitUpload("64KiB");
    const home = await place.home();
    await using owner = home.spawn(args);
    await owner.waitForLine(/^ready: |^seeding for/);
    await using getting = home.spawn(["get", `${seeder.publicKey}/big@1.0.0`]);
    await eventually(() => home.files().some((name) => name.startsWith(".partial-")));
    owner.kill("SIGINT");
    const ended = await owner.result;
    assert.equal(ended.code, 0, ended.stderr);
    await limitUpload("0");
    const { code, stdout, stderr } = await getting.result;
    assert.deepEqual([code, stdout], [0, `${join(home.seed, "big-1.0.0.tgz")}\n`], stderr);
    assert.match(stderr, /has ended; going on without it/);
  }
  await slow.end();
});
