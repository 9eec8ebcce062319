import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../../../src/base/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { encodeItem, targetOf } from "../../../../src/records/mod.ts";
import { type ArchiveRow, StateDatabase } from "../../../../src/store/mod.ts";
import { ROWS_IN_PAGE } from "../../../../src/store/state/announcing_tables.ts";
import { ROWS_IN_PART } from "../../../../src/store/state/sqlite.ts";
import { migrations } from "../../../../src/store/state/state_schema.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { signedItem } from "../../../support/signed.ts";
import { utf8 } from "../../../../src/base/mod.ts";

const keys = keyPairFromSeed(new Uint8Array(32));
const hash = (n: number) => new Uint8Array(20).fill(n);

async function setUp() {
  const home = await temporaryHome();
  const path = join(home.path, "state.db");
  let state = StateDatabase.open(path, systemClock);
  return {
    get state() {
      return state;
    },
    reopen() {
      state.close();
      state = StateDatabase.open(path, systemClock);
    },
    async [Symbol.asyncDispose]() {
      state.close();
      await home.remove();
    },
  };
}

function addArchive(state: StateDatabase, n: number): void {
  state.verifiedFiles.remember(
    `/seed/${n}.tgz`,
    { sizeBytes: 1, mtimeMs: 100 + n, inode: n },
    { sha256: new Uint8Array(32), infoHash: hash(n) },
    { text: "{}", mark: "m", name: `p${n}`, version: "1.0.0", publicKey: keys.publicKey },
  );
}

/** Names of the archives that were asked for, or that the user has named. */
function asked(state: StateDatabase, isByHand = false): string[] {
  return [...state.announcing.asked(isByHand)].flat().map(({ name }) => name);
}

function announced(state: StateDatabase, target: Uint8Array, lastAttemptMs: number): void {
  const counts = { holding: 8, asked: 8, responded: 8, stored: 8, failures: 0 };
  state.outcomes.set({ target, lastAttemptMs, nextDueMs: 0, ...counts });
}

Deno.test("archives that were asked for are kept across restarts, within the given times", async () => {
  await using _ = await setUp();
  _.state.announcing.ask(hash(1), 50);
  _.state.announcing.ask(hash(1), 150);
  _.state.announcing.ask(hash(2), 99);
  _.state.announcing.ask(hash(3), 301);
  _.reopen();
  for (const n of [1, 2, 3]) addArchive(_.state, n);
  assert.deepEqual(asked(_.state), ["p3", "p1", "p2"]);
  _.state.announcing.forgetAsked(100, 300);
  assert.deepEqual(asked(_.state), ["p1"]);
});

Deno.test("the numbers of mirrors are kept across restarts", async () => {
  await using _ = await setUp();
  _.state.announcing.setMirrors(keys.publicKey, 3, 1);
  _.state.announcing.setMirrors(keys.publicKey, 4.5, 2);
  _.reopen();
  assert.deepEqual([..._.state.announcing.mirrors().values()], [4.5]);
});

Deno.test("archives are listed by their last announcement, the unannounced ones first", async () => {
  await using _ = await setUp();
  for (const n of [1, 2, 3, 4]) addArchive(_.state, n);
  announced(_.state, hash(1), 30);
  announced(_.state, hash(2), 10);
  announced(_.state, hash(4), 20);
  const { announcing } = _.state;
  const names = (rows: { name: string }[]) => rows.map(({ name }) => name);
  assert.deepEqual([...announcing.oldestArchives([keys.publicKey], 3)].map(names), [[
    "p3",
    "p2",
    "p4",
  ]]);
  assert.deepEqual([...announcing.oldestArchives([new Uint8Array(32)], 3)], [[]]);
  assert.deepEqual([...announcing.archives()].map(names), [["p1", "p2", "p3", "p4"]]);
  assert.equal(announcing.counts().archives, 4);
  assert.deepEqual(announcing.archivesOf("p3", "1.0.0"), [hash(3)]);
  assert.deepEqual(announcing.archivesOf("p3", "2.0.0"), []);
  assert.equal(announcing.manifestOf(keys.publicKey), "{}");
  assert.equal(announcing.manifestOf(new Uint8Array(32)), undefined);
});

Deno.test("manifest records are listed by their last announcement", async () => {
  await using _ = await setUp();
  const { state } = _;
  const items = [1, 2, 3].map((n) =>
    signedItem(keys, { salt: utf8(`${n}`), seq: n, value: bencode("x") })
  );
  for (const [i, item] of items.entries()) {
    const target = targetOf(item.publicKey, item.salt);
    const kind = i === 2 ? "announce" : "manifest";
    state.records.put({ item, target, kind, own: i === 0, createdMs: 1 });
    announced(state, target, 10 - i);
  }
  assert.deepEqual([...state.announcing.oldestManifests([keys.publicKey], 9)].flat(), [
    { item: encodeItem(items[1]!), announcedMs: 9 },
    { item: encodeItem(items[0]!), announcedMs: 10 },
  ]);
  assert.equal(state.announcing.counts().manifests, 2);
});

Deno.test("an archive that the user has named stays one for its time, whatever peers ask for", async () => {
  await using _ = await setUp();
  _.state.announcing.ask(hash(1), 10, true);
  _.state.announcing.ask(hash(1), 20);
  _.state.announcing.ask(hash(2), 20);
  _.state.announcing.ask(hash(2), 30, true);
  _.reopen();
  for (const n of [1, 2]) addArchive(_.state, n);
  assert.deepEqual([asked(_.state, true), asked(_.state)], [["p2", "p1"], []]);
  _.state.announcing.forgetAsked(20, 100);
  assert.deepEqual(asked(_.state, true), ["p2"]);
  _.state.announcing.ask(hash(1), 40);
  assert.deepEqual([asked(_.state, true), asked(_.state)], [["p2"], ["p1"]]);
});

/** Stores an archive with the given version, and the time of its manifest (Unix ms). */
function addVersion(state: StateDatabase, name: string, version: string, timestamp: number): void {
  state.verifiedFiles.remember(
    `/seed/${name}-${version}.tgz`,
    { sizeBytes: 1, mtimeMs: 1, inode: 1 },
    { sha256: new Uint8Array(32), infoHash: infoHashOf(name, version) },
    {
      ...{ text: JSON.stringify({ timestamp }), mark: "m", name, version },
      publicKey: keys.publicKey,
    },
  );
}

function infoHashOf(name: string, version: string): Uint8Array {
  return createHash("sha1").update(`${name} ${version}`).digest();
}

/** The versions in pages. */
function versionsIn(pages: Iterable<ArchiveRow[]>): string[] {
  return [...pages].flat().map(({ name, version }) => `${name}@${version}`);
}

Deno.test("the newest version of each package is found, a release before a prerelease", async () => {
  await using _ = await setUp();
  for (const version of ["1.9.0", "1.10.0", "2.0.0-rc.1"]) addVersion(_.state, "a", version, 1);
  for (const version of ["1.0.0-rc.10", "1.0.0-rc.9"]) addVersion(_.state, "b", version, 1);
  assert.deepEqual(versionsIn(_.state.announcing.newestArchives()), [
    "a@1.10.0",
    "b@1.0.0-rc.10",
  ]);
});

Deno.test("one archive under two names of files is one newest version", async () => {
  await using _ = await setUp();
  for (const path of ["/seed/a.tgz", "/seed/b.tgz"]) {
    _.state.verifiedFiles.remember(
      path,
      { sizeBytes: 1, mtimeMs: 1, inode: 1 },
      { sha256: new Uint8Array(32), infoHash: hash(1) },
      { text: "{}", mark: "m", name: "a", version: "1.0.0", publicKey: keys.publicKey },
    );
  }
  assert.deepEqual(versionsIn(_.state.announcing.newestArchives()), ["a@1.0.0"]);
});

Deno.test("versions are listed by the date of their manifests, those that were asked for are marked", async () => {
  await using _ = await setUp();
  for (const minor of [1, 2, 3, 4]) addVersion(_.state, "a", `1.${minor}.0`, minor * 100);
  _.state.announcing.ask(infoHashOf("a", "1.2.0"), 1);
  const dated = [..._.state.announcing.dated(100, 400)].flat();
  assert.deepEqual(dated.map(({ version, isAsked }) => [version, isAsked]), [
    ["1.3.0", false],
    ["1.2.0", true],
  ]);
});

Deno.test("long lists of archives come in pages, each archive once", async () => {
  await using _ = await setUp();
  const count = 2 * ROWS_IN_PAGE + 1;
  _.state.transaction(() => {
    for (let i = 0; i < count; i++) {
      addVersion(_.state, `p${i}`, "1.0.0", 100 + Math.floor(i / 3));
      _.state.announcing.ask(infoHashOf(`p${i}`, "1.0.0"), Math.floor(i / 3));
    }
  });
  const { announcing } = _.state;
  for (
    const pages of [
      announcing.archives(),
      announcing.newestArchives(),
      announcing.asked(false),
      announcing.dated(0, 10_000),
    ]
  ) {
    const read = [...pages];
    assert.deepEqual(read.map(({ length }) => length), [ROWS_IN_PAGE, ROWS_IN_PAGE, 1]);
    assert.equal(new Set(versionsIn(read)).size, count);
  }
});

Deno.test("the newest versions are found among archives that an earlier libreseed has stored", async () => {
  const home = await temporaryHome();
  try {
    const path = join(home.path, "state.db");
    {
      using earlier = new DatabaseSync(path);
      for (const sql of migrations.slice(0, 20)) earlier.exec(sql);
      earlier.exec("PRAGMA user_version = 20");
      const add = earlier.prepare(
        `INSERT INTO verified_files (path, size_bytes, mtime_ms, inode, sha256, info_hash, manifest,
          manifest_mark, name, version, public_key) VALUES (?, 1, 1, 1, x'', ?, ?, 'm', 'a', ?, x'01')`,
      );
      for (const [i, version] of ["1.9.0", "1.10.0", "2.0.0-rc.1"].entries()) {
        add.run(`/seed/${i}`, hash(i), JSON.stringify({ timestamp: i }), version);
      }
      earlier.exec(
        `INSERT INTO verified_files (path, size_bytes, mtime_ms, inode, sha256, info_hash)
        VALUES ('/seed/without-manifest', 1, 1, 1, x'', x'')`,
      );
    }
    using state = StateDatabase.open(path, systemClock);
    assert.deepEqual(versionsIn(state.announcing.newestArchives()), ["a@1.10.0"]);
    assert.deepEqual(versionsIn(state.announcing.dated(0, 9)), ["a@2.0.0-rc.1", "a@1.10.0"]);
  } finally {
    await home.remove();
  }
});

Deno.test("a long table is read in parts, of which each gives its oldest archives", async () => {
  await using _ = await setUp();
  const count = ROWS_IN_PART + 2;
  _.state.transaction(() => {
    for (let i = 1; i <= count; i++) {
      addVersion(_.state, `p${i}`, "1.0.0", 1);
      announced(_.state, infoHashOf(`p${i}`, "1.0.0"), count - i + 1);
    }
  });
  const parts = [..._.state.announcing.oldestArchives([keys.publicKey], 3)];
  assert.deepEqual(parts.map((part) => part.map(({ announcedMs }) => announcedMs)), [
    [3, 4, 5],
    [1, 2],
  ]);
  const unkept = [..._.state.verifiedFiles.withoutRecords()];
  assert.deepEqual(unkept.map(({ length }) => length), [ROWS_IN_PART, 2, 1]);
});
