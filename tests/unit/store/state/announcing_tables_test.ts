import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { encodeItem, targetOf } from "../../../../src/records/mod.ts";
import { StateDatabase } from "../../../../src/store/mod.ts";
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
  assert.deepEqual(
    _.state.announcing.asked(100, 300),
    new Map([["01".repeat(20), { askedMs: 150, isByHand: false }]]),
  );
  // The others were deleted.
  assert.equal(_.state.announcing.asked(0, 1_000).size, 1);
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
  assert.deepEqual(names(announcing.oldestArchives([keys.publicKey], 3)), ["p3", "p2", "p4"]);
  assert.deepEqual(announcing.oldestArchives([new Uint8Array(32)], 3), []);
  assert.deepEqual([...announcing.archives()].map(({ modifiedMs }) => modifiedMs), [
    101,
    102,
    103,
    104,
  ]);
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
  assert.deepEqual(state.announcing.oldestManifests([keys.publicKey], 9), [
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
  assert.deepEqual([..._.state.announcing.asked(0, 100).values()], [
    { askedMs: 10, isByHand: true },
    { askedMs: 30, isByHand: true },
  ]);
  assert.equal(_.state.announcing.asked(20, 100).size, 1);
  _.state.announcing.ask(hash(1), 40);
  assert.deepEqual([..._.state.announcing.asked(20, 100).values()], [
    { askedMs: 40, isByHand: false },
    { askedMs: 30, isByHand: true },
  ]);
});
