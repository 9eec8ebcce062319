/** Follows: publishers, and packages of publishers within ranges. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STATE_SCHEMA_VERSION, StateDatabase } from "../../../../src/store/mod.ts";
import { migrations } from "../../../../src/store/state/state_schema.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { minimalBy, TestIdentity } from "../../../support/identities.ts";
import { temporaryHome } from "../../../support/temporary_home.ts";

const clock = new FakeClock(1_000);
const key = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);

async function opened() {
  const home = await temporaryHome();
  const state = StateDatabase.open(join(home.path, "state.db"), clock);
  return {
    state,
    async [Symbol.asyncDispose]() {
      state.close();
      await home.remove();
    },
  };
}

Deno.test("packagesOf finds a publisher's pinned, seeded and followed packages", async () => {
  await using _ = await opened();
  const { state } = _;
  for (const publicKey of [key, other]) {
    state.pins.set({ name: "pinned", publicKey, firstSeenMs: 1 });
  }
  const about = { text: "{}", mark: "", name: "@a/seeded", version: "1.0.0", publicKey: key };
  const identity = { sizeBytes: 1, mtimeMs: 1, inode: 1 };
  const verified = { sha256: new Uint8Array(32), infoHash: new Uint8Array(20) };
  state.verifiedFiles.remember("/seed/a.tgz", identity, verified, about);
  state.verifiedFiles.remember("/seed/bare.tgz", identity, verified);
  assert.deepEqual(state.packagesOf(key, 10), [
    { name: "@a/seeded", version: "1.0.0", isSeeded: true },
    { name: "pinned", isSeeded: false },
  ]);
  assert.deepEqual(state.packagesOf(other, 10), [{ name: "pinned", isSeeded: false }]);
  assert.equal(state.packagesOf(key, 1).length, 1);
});

Deno.test("packages and ranges of a publisher are followed beside each other, and end one by one", async () => {
  await using _ = await opened();
  const { follows } = _.state;
  follows.add(key, 1, { name: "a", range: "^1" });
  follows.add(key, 2, { name: "a", range: "^3" });
  follows.add(key, 3, { name: "b" });
  follows.add(key, 9, { name: "b" });
  follows.add(other, 4);
  const scopes = () => follows.list().map((one) => one.scopes);
  assert.deepEqual(scopes(), [
    [
      { name: "a", range: "^1", sinceMs: 1 },
      { name: "a", range: "^3", sinceMs: 2 },
      { name: "b", sinceMs: 3 },
    ],
    [{ sinceMs: 4 }],
  ]);
  assert.equal(follows.remove(key, { name: "a", range: "^2" }), false);
  assert.equal(follows.remove(key, { name: "c" }), false);
  assert.equal(
    follows.remove(other, { name: "a" }),
    false,
    "all of it is followed, not the package",
  );
  assert.equal(follows.remove(key, { name: "a", range: "^1" }), true);
  follows.add(key, 5);
  assert.equal(follows.remove(key, { name: "a" }), true);
  assert.deepEqual(scopes()[0], [{ sinceMs: 5 }, { name: "b", sinceMs: 3 }]);
  assert.equal(follows.remove(key), true);
  assert.equal(follows.remove(key), false);
  assert.deepEqual(scopes(), [[{ sinceMs: 4 }]]);
});

Deno.test("what is followed anew is read again, and what is followed no more is not found any more", async () => {
  await using _ = await opened();
  const { follows } = _.state;
  const signer = await new TestIdentity().certify();
  const manifests = await Promise.all(
    ["a", "b", "c"].map((name) => minimalBy(signer, 1, { name })),
  );
  const found = () => follows.search("", 10).map(({ name }) => name);
  const read = () => follows.settle(key, [{ key, seq: 7 }], 5, manifests);
  follows.add(key, 1);
  read();
  follows.add(key, 2);
  assert.deepEqual(follows.list()[0], {
    publicKey: key,
    sinceMs: 1,
    scopes: [{ sinceMs: 1 }],
    lists: [{ key, seq: 7 }],
    checkedMs: 5,
  });
  for (const name of ["a", "b"]) {
    read();
    follows.add(key, 3, { name });
    const [{ lists, checkedMs }] = follows.list() as [ReturnType<typeof follows.list>[0]];
    assert.deepEqual([lists, checkedMs], [[], undefined], "the lists are due");
  }
  assert.deepEqual(found(), ["a", "b", "c"], "the stored list is used until then");
  read();
  assert.equal(_.state.transaction(() => follows.remove(key, { name: "a" })), true);
  assert.deepEqual(found(), ["a", "b", "c"], "all of the publisher is followed still");
  follows.remove(key, { name: "b" });
  follows.remove(key);
  assert.deepEqual([follows.list(), found()], [[], []]);
  follows.add(key, 1, { name: "a" });
  follows.add(key, 1, { name: "b", range: "^1" });
  read();
  follows.remove(key, { name: "a" });
  assert.deepEqual(found(), ["b"]);
  assert.deepEqual(follows.list()[0]!.lists, []);
});

Deno.test("a publisher that an older program has followed is followed with all its packages", async () => {
  const home = await temporaryHome();
  const path = join(home.path, "state.db");
  const first = migrations.findIndex((sql) => sql.includes("CREATE TABLE follows")) + 1;
  const last = migrations.findIndex((sql) => sql.includes("CREATE TABLE follow_scopes"));
  assert.ok(first > 0 && last >= first && last < STATE_SCHEMA_VERSION);
  for (let version = first; version <= last; version++) {
    {
      using raw = new DatabaseSync(path);
      for (const migration of migrations.slice(0, version)) raw.exec(migration);
      raw.exec(`PRAGMA user_version = ${version}`);
      raw.prepare("INSERT INTO follows (public_key, since_ms, checked_ms) VALUES (?, 7, 8)").run(
        key,
      );
    }
    const state = StateDatabase.open(path, clock);
    const [follow] = state.follows.list();
    assert.deepEqual(follow, {
      publicKey: key,
      sinceMs: 7,
      scopes: [{ sinceMs: 7 }],
      lists: [],
      checkedMs: 8,
    });
    state.close();
    for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(path + suffix).catch(() => {});
  }
  await home.remove();
});

Deno.test("stored packages are counted by publisher, without reading a manifest", async () => {
  await using _ = await opened();
  const { follows } = _.state;
  assert.deepEqual(follows.totals(), []);
  const signer = await new TestIdentity().certify();
  const manifests = await Promise.all(
    [["a", "1.0.0"], ["a", "1.1.0"], ["b", "1.0.0"]]
      .map(([name, version]) => minimalBy(signer, 1, { name, version })),
  );
  follows.add(key, 1);
  follows.settle(key, [], 5, manifests);
  follows.add(other, 2);
  follows.settle(other, [], 5, manifests.slice(0, 1));
  assert.deepEqual(follows.totals(), [
    { publicKey: key, packages: 3 },
    { publicKey: other, packages: 1 },
  ]);
});
