/** Tests what the seed directory refuses, and that it follows no link. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { PackageError, serializeMinimal } from "../../../../src/package/mod.ts";
import { StoreError } from "../../../../src/store/mod.ts";
import { archiveIn, minimalOf, namesIn } from "../support.ts";
import { assertProblem, refusal, setUp, VISIBLE, visible } from "./seed_place.ts";

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

Deno.test("put refuses invalid names and versions", async () => {
  await using _ = await setUp();
  assert.throws(() => _.seed.paths("../a-1.0.0.tgz"), StoreError);
  await assert.rejects(_.seed.named("a", "../1"), PackageError);
  await refusal(_.seed.remove("a/b/c-1.0.0.tgz"), "BAD_FILE_NAME");
});
