/** Tests secrets in packages that are published, added, or copied into the seed directory. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { eventually, type Home, newPlace, type Place } from "../../support/place.ts";

/** Generates a private key, in PEM, that protects nothing. */
function pem(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

/** Makes a directory that contains a private key. */
async function sourceWithKey(place: Place, name = "hello"): Promise<string> {
  const source = await place.source(name, "1.0.0");
  await Deno.writeTextFile(join(source, "server.key"), pem());
  return source;
}

/** Packs an archive that contains a private key. Returns the archive's path without its suffix. */
async function archiveWithKey(place: Place, home: Home, name = "hello"): Promise<string> {
  const packed = join(place.path, `${name}-1.0.0`);
  const source = await sourceWithKey(place, name);
  await home.must(["pack", "-q", source, "-o", `${packed}.tgz`, "--allow-secret", "server.key"]);
  return packed;
}

const endings = ["minimal.json", "torrent", "tgz"];

async function drop(packed: string, home: Home, name: string): Promise<void> {
  await Deno.mkdir(home.seed, { recursive: true });
  for (const ending of endings) {
    await Deno.copyFile(`${packed}.${ending}`, join(home.seed, `${name}-1.0.0.${ending}`));
  }
}

interface Listed {
  name: string;
  seeding: boolean;
  problem?: string;
}

async function list(home: Home): Promise<Map<string, Listed>> {
  const lines = (await home.must(["list", "--json"])).trimEnd().split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line)).map((one: Listed) => [one.name, one]));
}

function codeOf(stderr: string): string {
  return JSON.parse(stderr.trimEnd().split("\n").at(-1)!).error.code;
}

Deno.test("publish and add refuse secrets, and neither store nor put anything", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await sourceWithKey(place);
  const packed = await archiveWithKey(place, home);
  for (
    const args of [["publish", source], ["publish", `${packed}.tgz`], ["add", `${packed}.tgz`]]
  ) {
    const { code, stdout, stderr } = await home.run([...args, "--json"]);
    assert.deepEqual([code, stdout, codeOf(stderr)], [1, "", "SECRET_FOUND"], stderr);
    assert.match(stderr, /server\.key/);
    assert.deepEqual(home.files(), []);
  }
  const found = await home.run(["resolve", "hello"]);
  assert.equal(found.code, 3, found.stderr);
});

Deno.test("a version published with secrets stays published, and publish exits with 0", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await sourceWithKey(place);
  const printed = await home.must(["publish", source, "--allow-secret", "server.key"]);
  assert.equal(await home.must(["publish", source]), printed);
  const archive = join(place.path, "hello.tgz");
  for (const ending of endings) {
    const copy = archive.replace(/tgz$/, ending);
    await Deno.copyFile(join(home.seed, `hello-1.0.0.${ending}`), copy);
  }
  assert.equal(await home.must(["publish", archive]), printed);
  await home.must(["add", archive]);
  // Another home with the same publisher key has no archive, and learns from the DHT that the
  // version is published.
  const elsewhere = await place.home(home.keys);
  assert.equal(await elsewhere.must(["publish", source]), printed);
  // `publish` refuses a new version that contains the secret.
  await Deno.writeTextFile(join(source, "package.json"), '{"name":"hello","version":"1.0.1"}');
  const next = await home.run(["publish", source, "--json"]);
  assert.deepEqual([next.code, codeOf(next.stderr)], [1, "SECRET_FOUND"], next.stderr);
});

Deno.test("an archive with secrets in the seed directory is a problem until --allow-secret accepts it", async () => {
  await using place = await newPlace();
  const stranger = await place.home();
  const home = await place.home(null);
  const packed = await archiveWithKey(place, stranger);
  await using daemon = await home.daemon(["--watch", "poll"]);
  await drop(packed, home, "hello");
  await eventually(async () => (await list(home)).get("hello")?.problem !== undefined);
  const { seeding, problem } = (await list(home)).get("hello")!;
  assert.equal(seeding, false);
  assert.match(problem!, /server\.key/);
  assert.match(problem!, /libreseed add .*--allow-secret PATH/);
  assert.equal(JSON.parse(await home.must(["status", "--json"])).packages, 0);
  const archive = join(home.seed, "hello-1.0.0.tgz");
  const refused = await home.run(["add", archive, "--json"]);
  assert.deepEqual([refused.code, codeOf(refused.stderr)], [1, "SECRET_FOUND"]);
  await home.must(["add", archive, "--allow-secret", "server.key"]);
  assert.deepEqual((await list(home)).get("hello")?.problem, undefined);
  assert.equal((await list(home)).get("hello")?.seeding, true);
  await daemon.end();
  // After a restart, the daemon still remembers that the secret was allowed.
  await using again = await home.daemon();
  await eventually(async () => (await list(home)).get("hello")?.seeding === true);
  await again.end();
});

Deno.test("a published package is still seeded after its archive was copied", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await sourceWithKey(place);
  await home.must(["publish", source, "--allow-secret", "server.key"]);
  // Changes the archive's inode and modification time, as copying the seed directory does.
  const archive = join(home.seed, "hello-1.0.0.tgz");
  await Deno.copyFile(archive, join(place.path, "copy"));
  await Deno.remove(archive);
  await Deno.copyFile(join(place.path, "copy"), archive);
  await using daemon = await home.daemon();
  await eventually(async () => (await list(home)).get("hello")?.seeding === true);
  await daemon.end();
});

Deno.test("readers and mirrors accept another publisher's package with secrets", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", await sourceWithKey(place), "--allow-secret", "server.key"]);
  await using seeder = await home.daemon();
  await eventually(async () => (await list(home)).get("hello")?.seeding === true);
  const reader = await place.home(null);
  await using mirror = await reader.daemon();
  await reader.must(["get", "hello"]);
  await eventually(async () => (await list(reader)).get("hello")?.seeding === true);
  await mirror.end();
  await seeder.end();
});
