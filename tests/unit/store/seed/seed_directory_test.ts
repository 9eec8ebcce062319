/** Tests the seed directory: what is added, listed and removed, also by several processes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../../../src/base/mod.ts";
import { fingerprint, keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { serializeMinimal } from "../../../../src/package/mod.ts";
import { SeedDirectory } from "../../../../src/store/mod.ts";
import { canMount, smallDisk, temporaryHome } from "../../../support/mod.ts";
import { archiveIn, minimalOf, namesIn, sha256 } from "../support.ts";
import { assertProblem, refusal, setUp, VISIBLE, visible } from "./seed_place.ts";

Deno.test("ensure creates the directory with its parents, and accepts an existing one", async () => {
  await using home = await temporaryHome();
  const seed = new SeedDirectory(join(home.path, "x", "seed"));
  await seed.ensure();
  await seed.ensure();
  assert.equal((await Deno.stat(seed.path)).mode! & 0o777, 0o755);
  assert.deepEqual(await seed.list(), []);
});

Deno.test("a file at the directory's path is refused by name", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "seed");
  await Deno.writeTextFile(path, "x");
  const error = await refusal(new SeedDirectory(path).ensure(), "NOT_A_DIRECTORY");
  assert.ok(error.message.includes(path));
  await refusal(new SeedDirectory(join(path, "below")).ensure(), "NOT_A_DIRECTORY");
});

Deno.test("a missing directory has no entries", async () => {
  await using home = await temporaryHome();
  assert.deepEqual(await new SeedDirectory(join(home.path, "missing")).list(), []);
});

Deno.test("an added package is listed with its manifest, and the source file stays", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = await archiveIn(elsewhere, "@scope/b", "1.0.0-rc.1", "contents");
  const entry = await seed.put(files);
  await seed.put(await archiveIn(elsewhere, "a", "1.0.0"));
  assert.deepEqual((await seed.list()).map(({ fileName }) => fileName), [
    "@scope+b-1.0.0-rc.1.tgz",
    "a-1.0.0.tgz",
  ]);
  assert.deepEqual((await seed.list())[0], entry);
  assert.deepEqual(entry.minimal, files.minimal);
  assert.deepEqual([entry.name, entry.version], ["@scope/b", "1.0.0-rc.1"]);
  assert.deepEqual([entry.sizeBytes, entry.hasTorrent], [8, true]);
  assert.equal(await Deno.readTextFile(entry.archivePath), "contents");
  assert.deepEqual(await Deno.readFile(entry.torrentPath), files.torrent);
  assert.equal(await Deno.readTextFile(entry.minimalPath), serializeMinimal(files.minimal));
  assert.equal(await Deno.readTextFile(files.archivePath), "contents");
  assert.deepEqual(await seed.find(files.minimal), entry);
  assert.equal(await seed.find({ ...files.minimal, version: "1.0.0" }), undefined);
});

Deno.test("put copies an archive of many chunks", async () => {
  await using _ = await setUp();
  const archive = crypto.getRandomValues(new Uint8Array(65_536));
  const big = new Uint8Array(3_000_001);
  for (let at = 0; at < big.length; at += archive.length) {
    big.set(archive.subarray(0, Math.min(archive.length, big.length - at)), at);
  }
  const entry = await _.seed.put(await archiveIn(_.elsewhere, "a", "1.0.0", big));
  assert.equal(sha256(await Deno.readFile(entry.archivePath)), sha256(big));
});

Deno.test("put moves an archive, and accepts one that is in the directory already", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = await archiveIn(elsewhere, "a", "1.0.0");
  await seed.put({ ...files, move: true });
  assert.deepEqual(await namesIn(elsewhere), []);
  await Deno.remove(join(seed.path, "a-1.0.0.minimal.json"));
  await Deno.remove(join(seed.path, "a-1.0.0.torrent"));
  for (const move of [false, true]) {
    await seed.put({ ...files, archivePath: join(seed.path, "a-1.0.0.tgz"), move });
    assert.deepEqual(await visible(seed.path), VISIBLE);
  }
});

Deno.test("adding the same archive again replaces its manifest", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const first = await archiveIn(elsewhere, "a", "1.0.0");
  const entry = await seed.put(first);
  await seed.put({ ...first, move: true });
  const again = await seed.put(await archiveIn(elsewhere, "a", "1.0.0"));
  assert.equal(again.inode, entry.inode);
  assert.deepEqual(await visible(seed.path), VISIBLE);
});

Deno.test("the second publisher of a name and version gets a file name with its fingerprint", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = async (seedByte: number, contents: string) => {
    const keys = keyPairFromSeed(new Uint8Array(32).fill(seedByte));
    const dir = await Deno.makeTempDir({ dir: elsewhere });
    const { archivePath, torrent } = await archiveIn(dir, "a", "1.0.0", contents);
    return {
      ...{ archivePath, torrent },
      minimal: minimalOf("a", "1.0.0", utf8(contents), keys),
      other: `a-1.0.0~${fingerprint(keys.publicKey)}.tgz`,
    };
  };
  const [ann, bob] = [await files(1, "ann's"), await files(2, "bob's")];
  assert.equal((await seed.put(ann)).fileName, "a-1.0.0.tgz");
  for (const move of [false, true]) {
    assert.equal((await seed.put({ ...bob, move })).fileName, bob.other);
  }
  assert.equal((await seed.put(ann)).fileName, "a-1.0.0.tgz");
  assert.deepEqual((await seed.named("a", "1.0.0")).map(({ problem }) => problem), [
    undefined,
    undefined,
  ]);
  assert.equal((await seed.find(bob.minimal))?.fileName, bob.other);
  const changed = minimalOf("a", "1.0.0", utf8("x"), keyPairFromSeed(new Uint8Array(32).fill(2)));
  await refusal(seed.put({ ...ann, minimal: changed }), "VERSION_EXISTS");

  // Although the usual file name is free again, the archive keeps its file name and is not added
  // twice.
  assert.equal(await seed.remove("a-1.0.0.tgz"), true);
  const archivePath = join(seed.path, bob.other);
  assert.equal((await seed.put({ ...bob, archivePath })).fileName, bob.other);
  assert.deepEqual((await seed.list()).map(({ fileName }) => fileName), [bob.other]);
  // A file name that contains another publisher's fingerprint is invalid.
  for (const suffix of [".tgz", ".minimal.json"]) {
    const path = join(seed.path, bob.other.replace(".tgz", suffix));
    await Deno.rename(path, join(seed.path, ann.other.replace(".tgz", suffix)));
  }
  assertProblem((await seed.list())[0], "WRONG_NAME");
});

Deno.test("concurrent additions of two publishers each get a file name", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const both = await Promise.all([1, 2].map(async (byte) => {
    const contents = `of ${byte}`;
    const keys = keyPairFromSeed(new Uint8Array(32).fill(byte));
    const dir = await Deno.makeTempDir({ dir: elsewhere });
    const files = await archiveIn(dir, "a", "1.0.0", contents);
    return { ...files, minimal: minimalOf("a", "1.0.0", utf8(contents), keys) };
  }));
  for (let round = 0; round < 20; round++) {
    const [ann, bob] = await Promise.all(
      both.map((files, i) => (i === 0 ? seed : new SeedDirectory(seed.path)).put(files)),
    );
    assert.notEqual(ann!.fileName, bob!.fileName);
    const sound = (await seed.list()).filter(({ problem }) => problem === undefined);
    assert.equal(sound.length, 2);
    for (const { fileName } of sound) await seed.remove(fileName);
  }
});

Deno.test("put replaces a damaged archive by the one that its manifest names", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = await archiveIn(elsewhere, "a", "1.0.0", "right");
  await seed.put(files);
  for (const damage of ["wrong", "cut"]) {
    await Deno.writeTextFile(join(seed.path, "a-1.0.0.tgz"), damage);
    await seed.put(files);
    assert.equal(await Deno.readTextFile(join(seed.path, "a-1.0.0.tgz")), "right");
  }
  await Deno.writeTextFile(join(seed.path, "a-1.0.0.tgz"), "wrong");
  const other = await archiveIn(elsewhere, "a", "1.0.0", "other");
  await refusal(seed.put(other), "VERSION_EXISTS");
});

Deno.test("an abort ends the copying and leaves no files", async () => {
  await using _ = await setUp();
  const files = await archiveIn(_.elsewhere, "a", "1.0.0", new Uint8Array(5_000_000));
  const reason = new Error("no longer wanted");
  const put = _.seed.put({ ...files, signal: AbortSignal.abort(reason) });
  await assert.rejects(put, (error) => error === reason);
  assert.deepEqual(await visible(_.seed.path), []);
});

Deno.test("entry finds an archive by its file name, and refuses paths", async () => {
  await using _ = await setUp();
  const entry = await _.seed.put(await archiveIn(_.elsewhere, "a", "1.0.0"));
  assert.deepEqual(await _.seed.entry("a-1.0.0.tgz"), entry);
  assert.equal(await _.seed.entry("b-1.0.0.tgz"), undefined);
  for (const name of ["../elsewhere/a-1.0.0.tgz", "/a.tgz", "a\\b.tgz", ".a.tgz", "a.txt", ""]) {
    await refusal(_.seed.entry(name), "BAD_FILE_NAME");
  }
});

Deno.test("remove deletes all three files and returns whether there was an archive", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  await seed.put(await archiveIn(elsewhere, "a", "1.0.0"));
  await seed.put(await archiveIn(elsewhere, "a", "1.0.1"));
  assert.equal(await seed.remove("a-1.0.1.tgz"), true);
  assert.deepEqual(await visible(seed.path), VISIBLE);
  assert.equal(await seed.remove("a-1.0.1.tgz"), false);
  await Deno.remove(join(seed.path, "a-1.0.0.tgz"));
  assert.equal(await seed.remove("a-1.0.0.tgz"), false);
  assert.deepEqual(await visible(seed.path), []);
});

Deno.test("concurrent puts of two objects for one directory do not mix files", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const other = new SeedDirectory(seed.path);
  const contents = ["first", "second"];
  const files = await Promise.all(contents.map(async (text, i) => {
    const dir = join(elsewhere, String(i));
    await Deno.mkdir(dir);
    return await archiveIn(dir, "a", "1.0.0", text);
  }));
  for (let round = 0; round < 20; round++) {
    const results = await Promise.allSettled([seed.put(files[0]!), other.put(files[1]!)]);
    const refused = results.flatMap((result) => result.status === "rejected" ? [result] : []);
    assert.equal(refused.length, 1);
    assert.equal(refused[0]!.reason.code, "VERSION_EXISTS", refused[0]!.reason);
    const [entry] = await seed.list();
    assert.ok(entry && entry.problem === undefined);
    assert.equal(sha256(await Deno.readFile(entry.archivePath)), entry.minimal.archiveSha256);
    await seed.remove("a-1.0.0.tgz");
  }
  const many = Array.from({ length: 40 }, (_, i) => archiveIn(elsewhere, "many", `1.0.${i}`));
  await Promise.all((await Promise.all(many)).map((files, i) => (i % 2 ? seed : other).put(files)));
  assert.equal((await seed.list()).filter((entry) => entry.problem === undefined).length, 40);
});

Deno.test("a directory that another process keeps locked is busy after ten seconds", async () => {
  await using _ = await setUp();
  let nowMs = 0;
  const clock = {
    now: () => nowMs,
    after(delayMs: number, fire: () => void) {
      nowMs += delayMs;
      queueMicrotask(fire);
      return { cancel() {} };
    },
  };
  using lock = await Deno.open(join(_.seed.path, ".lock"), { write: true, create: true });
  await lock.lock(true);
  const seed = new SeedDirectory(_.seed.path, clock);
  const error = await refusal(
    seed.put(await archiveIn(_.elsewhere, "a", "1.0.0")),
    "DIRECTORY_BUSY",
  );
  assert.equal(error.kind, "in-use");
  assert.deepEqual(await visible(seed.path), []);
  await lock.unlock();
  assert.equal(await seed.remove("a-1.0.0.tgz"), false);
});

Deno.test("a full disk leaves the directory as it was", { ignore: !canMount }, async () => {
  await using _ = await setUp();
  await using disk = await smallDisk(256 * 1024);
  const seed = new SeedDirectory(disk.path);
  await seed.put(await archiveIn(_.elsewhere, "a", "1.0.0"));
  const big = await archiveIn(_.elsewhere, "big", "1.0.0", new Uint8Array(300_000));
  const error = await refusal(seed.put(big), "DISK_FULL");
  assert.ok(error.message.includes(seed.path), error.message);
  assert.deepEqual(await visible(seed.path), VISIBLE);
});

Deno.test(
  "a read-only seed directory can be listed but not changed",
  { ignore: !canMount },
  async () => {
    await using _ = await setUp();
    await using disk = await smallDisk(256 * 1024);
    const seed = new SeedDirectory(disk.path);
    const files = await archiveIn(_.elsewhere, "a", "1.0.0");
    await seed.put(files);
    await disk.makeReadOnly();
    assert.equal((await seed.list()).length, 1);
    await refusal(seed.put(files), "NOT_WRITABLE");
    await refusal(seed.remove("a-1.0.0.tgz"), "NOT_WRITABLE");
    await refusal(new SeedDirectory(join(disk.path, "x")).ensure(), "NOT_WRITABLE");
  },
);
