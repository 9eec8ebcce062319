import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../../../src/base/mod.ts";
import { fingerprint, keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { PackageError, serializeMinimal } from "../../../../src/package/mod.ts";
import { SeedDirectory, type SeedEntry, StoreError } from "../../../../src/store/mod.ts";
import { canMount, smallDisk, temporaryHome } from "../../../support/mod.ts";
import { archiveIn, minimalOf, namesIn, sha256 } from "../support.ts";

const VISIBLE = ["a-1.0.0.minimal.json", "a-1.0.0.tgz", "a-1.0.0.torrent"];

/** Makes an empty seed directory, and a second directory with archives to add. */
async function setUp() {
  const home = await temporaryHome();
  const seed = new SeedDirectory(join(home.path, "seed"));
  const elsewhere = join(home.path, "elsewhere");
  await seed.ensure();
  await Deno.mkdir(elsewhere);
  return {
    seed,
    elsewhere,
    [Symbol.asyncDispose]: () => home.remove(),
  };
}

const visible = async (dir: string) => (await namesIn(dir)).filter((name) => name !== ".lock");

async function refusal(promise: Promise<unknown>, code: string): Promise<StoreError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: `not refused with ${code}` });
}

function assertProblem(entry: SeedEntry | undefined, code: string): void {
  assert.ok(entry?.problem !== undefined, "no problem");
  assert.equal(entry.problemCode, code, entry.problem);
  assert.ok(entry.problem.length > 0);
}

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

Deno.test("put refuses another archive of the same version and names both hashes", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const first = await archiveIn(elsewhere, "a", "1.0.0", "first");
  await seed.put(first);
  const second = await archiveIn(elsewhere, "a", "1.0.0", "second");
  for (const move of [false, true]) {
    const error = await refusal(seed.put({ ...second, move }), "VERSION_EXISTS");
    assert.equal(error.kind, "failed");
    assert.ok(error.message.includes(first.minimal.archiveSha256), error.message);
    assert.ok(error.message.includes(second.minimal.archiveSha256), error.message);
    assert.equal(await Deno.readTextFile(second.archivePath), "second");
  }
  assert.equal(await Deno.readTextFile(join(seed.path, "a-1.0.0.tgz")), "first");
  assert.deepEqual((await seed.list())[0]!.problem, undefined);
  assert.deepEqual(await visible(seed.path), VISIBLE);
});

Deno.test("put refuses another archive even if the first has lost its manifest", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const first = await archiveIn(elsewhere, "a", "1.0.0", "first");
  await seed.put(first);
  await Deno.remove(join(seed.path, "a-1.0.0.minimal.json"));
  const second = await archiveIn(elsewhere, "a", "1.0.0", "second");
  const error = await refusal(seed.put(second), "VERSION_EXISTS");
  assert.equal(error.detail.existing, first.minimal.archiveSha256);
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

Deno.test("a manifest without its archive does not prevent an addition", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  await seed.put(await archiveIn(elsewhere, "a", "1.0.0", "first"));
  await Deno.remove(join(seed.path, "a-1.0.0.tgz"));
  assert.deepEqual(await seed.list(), []);
  await seed.put(await archiveIn(elsewhere, "a", "1.0.0", "second"));
  assert.equal(await Deno.readTextFile(join(seed.path, "a-1.0.0.tgz")), "second");
});

Deno.test("put refuses an archive that differs from its manifest", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = await archiveIn(elsewhere, "a", "1.0.0", "right");
  for (const contents of ["wrong", "right and more", "righ", ""]) {
    await Deno.writeTextFile(files.archivePath, contents);
    for (const move of [false, true]) {
      const error = await refusal(seed.put({ ...files, move }), "ARCHIVE_MISMATCH");
      assert.equal(error.kind, "verification");
    }
  }
  assert.deepEqual(await visible(seed.path), []);
  assert.equal((await namesIn(elsewhere)).length, 1);
});

Deno.test("put refuses a manifest with an invalid signature", async () => {
  await using _ = await setUp();
  const files = await archiveIn(_.elsewhere, "a", "1.0.0");
  const minimal = { ...files.minimal, timestamp: files.minimal.timestamp + 1 };
  await refusal(_.seed.put({ ...files, minimal }), "MANIFEST_INVALID");
  assert.deepEqual(await visible(_.seed.path), []);
});

Deno.test("put refuses a missing archive, a link and a directory", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = await archiveIn(elsewhere, "a", "1.0.0");
  const link = join(elsewhere, "link.tgz");
  await Deno.symlink(files.archivePath, link);
  for (const move of [false, true]) {
    const put = (archivePath: string) => seed.put({ ...files, archivePath, move });
    await refusal(put(join(elsewhere, "missing.tgz")), "FILE_MISSING");
    await refusal(put(link), "LINK_REFUSED");
    await refusal(put(elsewhere), "NOT_A_FILE");
  }
  assert.deepEqual(await visible(seed.path), []);
});

Deno.test("an abort ends the copying and leaves no files", async () => {
  await using _ = await setUp();
  const files = await archiveIn(_.elsewhere, "a", "1.0.0", new Uint8Array(5_000_000));
  const reason = new Error("no longer wanted");
  const put = _.seed.put({ ...files, signal: AbortSignal.abort(reason) });
  await assert.rejects(put, (error) => error === reason);
  assert.deepEqual(await visible(_.seed.path), []);
});

Deno.test("links in the seed directory are never followed", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = await archiveIn(elsewhere, "a", "1.0.0", "right");
  await seed.put(files);
  const archivePath = join(seed.path, "a-1.0.0.tgz");
  const manifest = join(seed.path, "a-1.0.0.minimal.json");

  await Deno.rename(manifest, join(elsewhere, "manifest"));
  await Deno.symlink(join(elsewhere, "manifest"), manifest);
  assertProblem((await seed.list())[0], "LINK");
  await seed.put(files);
  assert.equal((await Deno.lstat(manifest)).isSymlink, false);

  await Deno.remove(archivePath);
  await Deno.symlink(files.archivePath, archivePath);
  assertProblem((await seed.list())[0], "LINK");
  assert.equal(await seed.find(files.minimal), undefined);
  await refusal(seed.put(files), "LINK_REFUSED");
  await seed.remove("a-1.0.0.tgz");
  assert.equal(await Deno.readTextFile(files.archivePath), "right");
  assert.deepEqual(await visible(seed.path), []);
});

Deno.test("an archive or manifest with a second name is refused, and put replaces it by a copy", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  const files = await archiveIn(elsewhere, "a", "1.0.0", "right");
  const { archivePath, minimalPath } = await seed.put(files);
  for (const path of [archivePath, minimalPath]) {
    await Deno.link(path, join(elsewhere, "second"));
    seed.known = () => path === archivePath ? files.minimal : undefined;
    const [entry] = await seed.list();
    assertProblem(entry, "LINK");
    assert.match(entry!.problem!, /has 2 names \(hard links\).*cp -p /);
    assert.equal(await seed.find(files.minimal), undefined);
    await seed.put({ ...files, archivePath });
    assert.equal((await seed.entry("a-1.0.0.tgz"))?.problem, undefined);
    assert.equal((await Deno.lstat(path)).nlink, 1);
    await Deno.remove(join(elsewhere, "second"));
  }
  assert.equal(await Deno.readTextFile(archivePath), "right");
});

Deno.test("put makes files of its own from an archive with several names, moved or copied", async () => {
  for (const move of [false, true]) {
    await using _ = await setUp();
    const { seed, elsewhere } = _;
    const files = await archiveIn(elsewhere, "a", "1.0.0", "right");
    await Deno.link(files.archivePath, join(elsewhere, "second"));
    const entry = await seed.put({ ...files, move, verified: true });
    for (const path of [entry.archivePath, entry.minimalPath, entry.torrentPath]) {
      assert.equal((await Deno.lstat(path)).nlink, 1, path);
    }
    await Deno.writeTextFile(join(elsewhere, "second"), "other");
    assert.equal(await Deno.readTextFile(entry.archivePath), "right");
    assert.equal((await namesIn(elsewhere)).includes("a-1.0.0.tgz"), !move);
  }
});

Deno.test("a link in place of the lock is not followed", async () => {
  await using _ = await setUp();
  await Deno.symlink(join(_.elsewhere, "made"), join(_.seed.path, ".lock"));
  await refusal(_.seed.put(await archiveIn(_.elsewhere, "a", "1.0.0")), "LINK_REFUSED");
  await refusal(_.seed.remove("a-1.0.0.tgz"), "LINK_REFUSED");
  assert.deepEqual(await namesIn(_.elsewhere), ["a-1.0.0.tgz"]);
});

Deno.test("a link at the torrent's path does not count as a torrent", async () => {
  await using _ = await setUp();
  const entry = await _.seed.put(await archiveIn(_.elsewhere, "a", "1.0.0"));
  await Deno.rename(entry.torrentPath, join(_.elsewhere, "torrent"));
  for (const link of [Deno.symlink, Deno.link]) {
    await link(join(_.elsewhere, "torrent"), entry.torrentPath);
    const again = await _.seed.entry(entry.fileName);
    assert.ok(again && again.problem === undefined);
    assert.equal(again.hasTorrent, false);
    await Deno.remove(entry.torrentPath);
  }
});

Deno.test("invalid entries are listed with their problem, beside valid ones", async () => {
  await using _ = await setUp();
  const { seed, elsewhere } = _;
  await seed.put(await archiveIn(elsewhere, "good", "1.0.0"));
  const at = (name: string) => join(seed.path, name);
  const bytes = new TextEncoder().encode("archive");
  const manifest = (name: string) => serializeMinimal(minimalOf(name, "1.0.0", bytes));
  const add = async (name: string, text?: string) => {
    await Deno.writeFile(at(`${name}-1.0.0.tgz`), bytes);
    if (text !== undefined) await Deno.writeTextFile(at(`${name}-1.0.0.minimal.json`), text);
  };
  await add("missing");
  await add("garbage", "{");
  await add("huge", " ".repeat(5000));
  await add("forged", manifest("forged").replace(/"timestamp":\d+/, '"timestamp":1'));
  await add("other", manifest("another"));
  await add("short", manifest("short"));
  await Deno.writeTextFile(at("short-1.0.0.tgz"), "cut");
  await add("fifo");
  await new Deno.Command("mkfifo", { args: [at("fifo-1.0.0.minimal.json")] }).output();
  await Deno.mkdir(at("directory-1.0.0.tgz"));
  await Deno.writeTextFile(at("any name at all.tgz"), "x");
  for (const name of [".tmp-1-0.tgz", ".hidden.tgz", "notes.txt", "lonely-1.0.0.torrent"]) {
    await Deno.writeTextFile(at(name), "x");
  }
  const found = Object.fromEntries(
    (await seed.list()).map((entry) => [
      entry.fileName,
      entry.problem === undefined ? "good" : entry.problemCode,
    ]),
  );
  assert.deepEqual(found, {
    "any name at all.tgz": "MANIFEST_MISSING",
    "directory-1.0.0.tgz": "NOT_A_FILE",
    "fifo-1.0.0.tgz": "NOT_A_FILE",
    "forged-1.0.0.tgz": "MANIFEST_INVALID",
    "garbage-1.0.0.tgz": "MANIFEST_INVALID",
    "good-1.0.0.tgz": "good",
    "huge-1.0.0.tgz": "MANIFEST_INVALID",
    "missing-1.0.0.tgz": "MANIFEST_MISSING",
    "other-1.0.0.tgz": "WRONG_NAME",
    "short-1.0.0.tgz": "WRONG_LENGTH",
  });
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

Deno.test("put refuses invalid names and versions", async () => {
  await using _ = await setUp();
  assert.throws(() => _.seed.paths("../a-1.0.0.tgz"), StoreError);
  await assert.rejects(_.seed.named("a", "../1"), PackageError);
  await refusal(_.seed.remove("a/b/c-1.0.0.tgz"), "BAD_FILE_NAME");
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
