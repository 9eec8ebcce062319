/**
 * A home's answers to peers that ask at a rendezvous.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { version } from "../../../../src/base/mod.ts";
import { RendezvousAnswers } from "../../../../src/host/rendezvous/mod.ts";
import { generateKeyPair } from "../../../../src/identity/mod.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  encodeAnswer,
  encodeNameIndex,
  manifestSalt,
  MAX_RENDEZVOUS_BYTES,
  type MutableItem,
  nameIndexSalt,
  nameIndexSlot,
  signNameIndexEntry,
  targetOf,
} from "../../../../src/records/mod.ts";
import { manifestValue } from "../../../../src/fetching/manifest_record.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import {
  type CertifiedKey,
  minimalBy,
  temporaryTrust,
  TestIdentity,
} from "../../../support/identities.ts";
import { signedEntry, signedItem } from "../../../support/signed.ts";

const NOW = Date.UTC(2026, 10, 29);
const DAY = 86_400_000;

async function setUp() {
  const clock = new FakeClock(NOW);
  const home = await temporaryTrust(clock);
  const { state, trust } = home;
  const keep = (kind: string, item: MutableItem, name?: string, version?: string) =>
    state.records.put({
      ...{ kind, item, name, version, own: false, createdMs: clock.now() },
      target: targetOf(item.publicKey, item.salt),
    });
  const answers = new RendezvousAnswers({ state, trust, clock, startedMs: NOW - 90_500 });
  return {
    ...{ clock, state, trust, keep, answers, [Symbol.asyncDispose]: home[Symbol.asyncDispose] },
    /** Keeps an entry as the keeper of names does. */
    keepEntry(entry: ReturnType<typeof signedEntry>, name = "hello") {
      const { publicKey, timestampMs: seq, signature } = entry;
      const salt = nameIndexSalt(name, nameIndexSlot(publicKey));
      const value = encodeNameIndex([entry]);
      keep("name-entry", { publicKey, salt, seq, value, signature }, name, entry.version);
    },
    entriesOf: (name: string) => answers.answer({ kind: "name", name }).entries,
  };
}

function entryBy(pair = generateKeyPair(), timestampMs = NOW, name = "hello") {
  return signedEntry(pair, name, { version: "1.0.0", firstSeenMs: NOW - DAY, timestampMs });
}

function listBy({ pair, publicKey }: Pick<CertifiedKey, "pair" | "publicKey">, seq = NOW) {
  const packages = new Map([["hello", ["1.0.0"]]]);
  const value = encodeAnnounceRecord({ packages, timestampMs: NOW });
  return signedItem(pair, { salt: announceSalt(publicKey), seq, value });
}

Deno.test("a home answers with the entries of the name that it keeps, and of no other", async () => {
  await using _ = await setUp();
  const [own, other] = [entryBy(), entryBy()];
  _.keepEntry(own);
  _.keepEntry(other);
  _.keepEntry(entryBy(undefined, NOW, "other"), "other");
  const told = _.entriesOf("hello").map(({ signature }) => signature);
  assert.equal(told.length, 2);
  for (const { signature } of [own, other]) {
    assert(told.some((one) => Buffer.compare(one, signature) === 0));
  }
  assert.deepEqual(_.entriesOf("unknown"), []);
});

Deno.test("entries of revoked keys and entries of the future are not told", async () => {
  await using _ = await setUp();
  const identity = new TestIdentity();
  const [stolen, next] = [
    await identity.certify({ fromMs: NOW - DAY }),
    await identity.certify({ fromMs: NOW - DAY }),
  ];
  const times = { firstSeenMs: NOW - DAY, timestampMs: NOW };
  _.keepEntry(await signNameIndexEntry(stolen, "hello", { version: "9.0.0", ...times }));
  _.keepEntry(entryBy(undefined, NOW + DAY));
  assert.equal(_.entriesOf("hello").length, 1);
  _.trust.learnRecord(
    await identity.record({
      ...{ seq: NOW, signingKeys: [next.certificate] },
      revokedKeys: [{ key: stolen.publicKey, sinceMs: NOW }],
    }),
  );
  await _.clock.advance(5_000);
  assert.deepEqual(_.entriesOf("hello"), []);
});

Deno.test("of more than 64 entries the newest are told, and an answer always fits into a message", async () => {
  await using _ = await setUp();
  for (let i = 0; i < 70; i++) _.keepEntry(entryBy(undefined, NOW - i));
  const times = _.entriesOf("hello").map(({ timestampMs }) => timestampMs);
  assert.deepEqual(times, Array.from({ length: 64 }, (_, i) => NOW - i));
  // The longest entries: certificates with an end and many names, long versions.
  const names = ["long", ...Array.from({ length: 7 }, (_, i) => `${i}`.padStart(17, "n"))];
  const limits = { fromMs: NOW - DAY, untilMs: NOW + DAY, names };
  const fields = { version: `1.0.0-${"n".repeat(58)}`, firstSeenMs: NOW, timestampMs: NOW };
  for (let i = 0; i < 64; i++) {
    const key = await new TestIdentity().certify(limits);
    _.keepEntry(await signNameIndexEntry(key, "long", fields), "long");
  }
  const answer = _.answers.answer({ kind: "name", name: "long" });
  assert.equal(answer.entries.length, 64);
  assert(encodeAnswer(Number.MAX_SAFE_INTEGER, answer).length <= MAX_RENDEZVOUS_BYTES);
});

Deno.test("a publisher's records are its newest publisher record and the lists of its keys in force", async () => {
  await using _ = await setUp();
  const identity = new TestIdentity();
  const [old, next] = [
    await identity.certify({ fromMs: NOW - DAY }),
    await identity.certify({ fromMs: NOW - DAY }),
  ];
  const before = await identity.record({ seq: NOW - DAY, signingKeys: [old.certificate] });
  const newest = await identity.record({
    ...{ seq: NOW, signingKeys: [next.certificate] },
    revokedKeys: [{ key: old.publicKey, sinceMs: NOW }],
  });
  _.keep("publisher", before);
  _.keep("announce", listBy(old));
  _.keep("announce", listBy(next));
  _.keep("announce", listBy({ pair: generateKeyPair(), publicKey: new Uint8Array(32) }));
  // A lookup has shown a newer record than the one that this home keeps alive.
  _.trust.learnRecord(before);
  _.trust.learnRecord(newest);
  const { publicKey } = identity.root;
  assert.deepEqual(_.answers.answer({ kind: "publisher", publicKey }).items, [
    newest,
    listBy(next),
  ]);
});

Deno.test("a publisher without a root has its list alone", async () => {
  await using _ = await setUp();
  const pair = generateKeyPair();
  const { publicKey } = pair;
  _.keep("announce", listBy({ pair, publicKey }));
  const { entries, items } = _.answers.answer({ kind: "publisher", publicKey });
  assert.deepEqual([entries, items], [[], [listBy({ pair, publicKey })]]);
  const stranger = generateKeyPair();
  assert.deepEqual(
    _.answers.answer({ kind: "publisher", publicKey: stranger.publicKey }).items,
    [],
  );
});

Deno.test("the manifest records of a version are those of the publisher's keys", async () => {
  await using _ = await setUp();
  const [identity, other] = [new TestIdentity(), new TestIdentity()];
  const [first, second, foreign] = [
    await identity.certify({ fromMs: NOW - DAY }),
    await identity.certify({ fromMs: NOW - DAY }),
    await other.certify({ fromMs: NOW - DAY }),
  ];
  for (const key of [first, second, foreign]) {
    const minimal = await minimalBy(key, NOW);
    const salt = manifestSalt("hello", "1.0.0");
    const value = manifestValue(minimal);
    _.keep("manifest", signedItem(key.pair, { salt, seq: NOW, value }), "hello", "1.0.0");
  }
  const ask = (publicKey: Uint8Array, version = "1.0.0") =>
    _.answers.answer({ kind: "manifest", publicKey, name: "hello", version }).items
      .map(({ publicKey }) => Buffer.from(publicKey).toString("hex")).sort();
  const hex = (...keys: CertifiedKey[]) =>
    keys.map(({ publicKey }) => Buffer.from(publicKey).toString("hex")).sort();
  assert.deepEqual(ask(identity.root.publicKey), hex(first, second));
  assert.deepEqual(ask(other.root.publicKey), hex(foreign));
  assert.deepEqual(ask(identity.root.publicKey, "2.0.0"), []);
});

Deno.test("what a home seeds of a publisher counts all keys of the publisher", async () => {
  await using _ = await setUp();
  const identity = new TestIdentity();
  const keys = [await identity.certify({ fromMs: 0 }), await identity.certify({ fromMs: 0 })];
  _.trust.learnRecord(
    await identity.record({ seq: NOW, signingKeys: keys.map((key) => key.certificate) }),
  );
  for (const [i, { publicKey }] of [...keys, keys[0]!, generateKeyPair()].entries()) {
    _.state.verifiedFiles.remember(
      join("/seed", `hello-${i}.0.0.tgz`),
      { sizeBytes: 1_000 + i, mtimeMs: 1, inode: i },
      { sha256: new Uint8Array(32), infoHash: new Uint8Array(20) },
      { text: "{}\n", mark: "", name: "hello", version: `${i}.0.0`, publicKey },
    );
  }
  const { publicKey } = identity.root;
  assert.deepEqual(_.answers.answer({ kind: "publisher", publicKey }).seeder, {
    ...{ version, archives: 3, bytes: 3_003, uptimeSeconds: 90 },
  });
});

Deno.test("a repeated question does not read the database, and a flood of names takes no memory", async () => {
  await using _ = await setUp();
  let reads = 0;
  const { records } = _.state;
  const counted = {
    list: (...args: Parameters<typeof records.list>) => {
      reads++;
      return records.list(...args);
    },
    get: records.get.bind(records),
  };
  const state = { records: counted as typeof records, verifiedFiles: _.state.verifiedFiles };
  const answers = new RendezvousAnswers({ ..._, state, startedMs: NOW });
  const entry = entryBy();
  _.keepEntry(entry);
  for (let i = 0; i < 1_000; i++) answers.answer({ kind: "name", name: "hello" });
  assert.equal(reads, 1);
  await _.clock.advance(5_000);
  answers.answer({ kind: "name", name: "hello" });
  assert.equal(reads, 2);
  for (let i = 0; i < 1_000; i++) answers.answer({ kind: "name", name: `name-${i}` });
  assert.equal(answers.size, 64);
});
