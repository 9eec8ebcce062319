import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { concatBytes, toHex, utf8 } from "../../../src/base/mod.ts";
import { type KeyPair, keyPairFromSeed } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import {
  decodeNameIndex,
  encodeNameIndex,
  mergeNameIndex,
  type NameIndexEntry,
  nameIndexSlot,
  RecordError,
  signNameIndexEntry,
  verifyNameIndexEntry,
} from "../../../src/records/mod.ts";
import { signedEntry } from "../../support/signed.ts";

const T = 1_763_800_000_000;
const NAME = "left-pad";
const SLOT = 1;

/** Generates key pairs whose entries belong to the given slot of a name's index. */
function* publishers(slot: number): Generator<KeyPair> {
  for (let i = 0;; i++) {
    const seed = createHash("sha256").update(`publisher ${i}`).digest();
    const pair = keyPairFromSeed(new Uint8Array(seed));
    if (nameIndexSlot(pair.publicKey) === slot) yield pair;
  }
}

function take(slot: number, count: number): KeyPair[] {
  const pairs: KeyPair[] = [];
  for (const pair of publishers(slot)) {
    if (pairs.push(pair) === count) break;
  }
  return pairs;
}

const [ann, bob, cid] = take(SLOT, 3) as [KeyPair, KeyPair, KeyPair];

function entry(pair: KeyPair, fields: Partial<NameIndexEntry> = {}, name = NAME): NameIndexEntry {
  return signedEntry(pair, name, {
    version: "1.0.0",
    firstSeenMs: T,
    timestampMs: T,
    ...fields,
  });
}

const byKey = (entries: NameIndexEntry[]) =>
  entries.toSorted((a, b) => toHex(a.publicKey) < toHex(b.publicKey) ? -1 : 1);

/** Makes a version string of the given number of characters. */
function versionOf(length: number): string {
  return "1.0.0-".padEnd(length, "a");
}

Deno.test("an entry verifies for its name and for no other", () => {
  const signed = entry(ann);
  assert.equal(verifyNameIndexEntry(NAME, signed), true);
  assert.equal(verifyNameIndexEntry("right-pad", signed), false);
});

Deno.test("an entry does not verify when anything of it is changed", () => {
  const signed = entry(ann, { firstSeenMs: T - 10 });
  const changes: Partial<NameIndexEntry>[] = [
    { version: "1.0.1" },
    { firstSeenMs: T - 11 },
    { timestampMs: T + 1 },
    { publicKey: bob.publicKey },
    { signature: new Uint8Array(64) },
    { signature: new Uint8Array(0) },
    { firstSeenMs: NaN },
    { timestampMs: Infinity },
    { version: "\ud800" },
  ];
  for (const change of changes) {
    assert.equal(verifyNameIndexEntry(NAME, { ...signed, ...change }), false);
  }
});

Deno.test("an entry with impossible times, or with what is no version, is not signed", async () => {
  const impossible = [
    { firstSeenMs: T + 1 },
    { firstSeenMs: -1 },
    { firstSeenMs: NaN },
    { timestampMs: NaN },
    { firstSeenMs: 0.5 },
    ...["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0+a", "1.0.0-", "1.0.0-01", "1.0.0 ", "1.0.0\n"]
      .map((version) => ({ version })),
    { version: versionOf(65) },
  ];
  const times = { version: "1.0.0", firstSeenMs: T, timestampMs: T };
  for (const fields of impossible) {
    await assert.rejects(
      signNameIndexEntry(ann, NAME, { ...times, ...fields }),
      (error) => error instanceof RecordError && error.code === "BAD_FIELD",
    );
  }
});

Deno.test("an entry that was first seen after it was signed is dropped, though signed", () => {
  const fields = { f: T, k: ann.publicKey, n: NAME, t: T - 1, v: "1.0.0" };
  const message = concatBytes(utf8("libreseed:name-index-entry:v1\n"), bencode(fields));
  const liar: NameIndexEntry = {
    publicKey: ann.publicKey,
    version: "1.0.0",
    firstSeenMs: T,
    timestampMs: T - 1,
    signature: ann.signBytes(message),
  };
  assert.deepEqual(mergeNameIndex(NAME, SLOT, [liar]).entries, []);
  assert.equal(mergeNameIndex(NAME, SLOT, [liar]).dropped.length, 1);
});

Deno.test("merging keeps one entry a publisher, sorted by key", () => {
  const lists = [[entry(cid), entry(ann)], [entry(bob)], []];
  const merged = mergeNameIndex(NAME, SLOT, ...lists);
  assert.deepEqual(merged.entries, byKey(lists.flat()));
  assert.deepEqual([merged.cut, merged.dropped], [[], []]);
});

Deno.test("a publisher's newest entry wins as a whole, whichever list it is in", () => {
  const old = entry(ann, { version: "1.0.0", firstSeenMs: T - 100, timestampMs: T - 100 });
  const newer = entry(ann, { version: "2.0.0", firstSeenMs: T - 50, timestampMs: T });
  assert.deepEqual(mergeNameIndex(NAME, SLOT, [old], [newer]).entries, [newer]);
  assert.deepEqual(mergeNameIndex(NAME, SLOT, [newer], [old]).entries, [newer]);
});

Deno.test("at equal times the older first-seen time wins, then the signature's bytes", () => {
  const older = entry(ann, { firstSeenMs: T - 2 });
  const younger = entry(ann, { firstSeenMs: T - 1 });
  assert.deepEqual(mergeNameIndex(NAME, SLOT, [younger, older]).entries, [older]);
  const one = entry(ann, { version: "1.0.0" });
  const two = entry(ann, { version: "2.0.0" });
  const first = toHex(one.signature) < toHex(two.signature) ? one : two;
  assert.deepEqual(mergeNameIndex(NAME, SLOT, [one], [two]).entries, [first]);
  assert.deepEqual(mergeNameIndex(NAME, SLOT, [two], [one]).entries, [first]);
});

Deno.test("a forged newer entry does not displace the good one, and is reported", () => {
  const good = entry(ann);
  const forged = { ...good, version: "6.6.6", timestampMs: T + 1000 };
  const merged = mergeNameIndex(NAME, SLOT, [forged], [good]);
  assert.deepEqual(merged.entries, [good]);
  assert.deepEqual(merged.dropped, [{ entry: forged, reason: "bad-signature" }]);
});

Deno.test("an entry moved from another name is dropped", () => {
  const moved = entry(ann, {}, "right-pad");
  const merged = mergeNameIndex(NAME, SLOT, [moved]);
  assert.deepEqual(merged.dropped, [{ entry: moved, reason: "bad-signature" }]);
});

Deno.test("an entry copied from another slot is dropped", () => {
  const [stranger] = take(2, 1) as [KeyPair];
  const copied = entry(stranger);
  const merged = mergeNameIndex(NAME, SLOT, [copied, entry(ann)]);
  assert.equal(merged.entries.length, 1);
  assert.deepEqual(merged.dropped, [{ entry: copied, reason: "wrong-slot" }]);
});

Deno.test("six entries with short versions fit into a record, a seventh does not", () => {
  const entries = take(SLOT, 7).map((pair) => entry(pair, { version: versionOf(14) }));
  assert.equal(encodeNameIndex(entries.slice(0, 6)).length, 2 + 6 * (149 + 17));
  assert.throws(
    () => encodeNameIndex(entries),
    (error) => error instanceof RecordError && error.code === "VALUE_TOO_LARGE",
  );
  const longer = take(SLOT, 6).map((pair) => entry(pair, { version: versionOf(15) }));
  assert.throws(() => encodeNameIndex(longer), RecordError);
  const five = take(SLOT, 5).map((pair) => entry(pair, { version: versionOf(47) }));
  assert.equal(encodeNameIndex(five).length, 997);
});

Deno.test("when it must be cut, those first seen longest ago stay", () => {
  const pairs = take(SLOT, 9);
  const entries = pairs.map((pair, i) => entry(pair, { firstSeenMs: T - 1000 * i }));
  const merged = mergeNameIndex(NAME, SLOT, entries);
  assert.deepEqual(merged.entries, byKey(entries.slice(3)));
  assert.deepEqual(merged.cut, byKey(entries.slice(0, 3)));
  assert.ok(encodeNameIndex(merged.entries).length <= 1000);
});

Deno.test("four entries fit into a record, however long their versions may be", () => {
  const entries = take(SLOT, 5).map((pair) => entry(pair, { version: versionOf(64) }));
  assert.ok(encodeNameIndex(entries.slice(0, 4)).length <= 1000);
  assert.throws(() => encodeNameIndex(entries), RecordError);
});

for (
  const [what, version] of [
    ["of 65 characters", versionOf(65)],
    ["that takes the whole record", versionOf(800)],
    ["that is none", "latest"],
    ["that a terminal would obey", "1.0.0-\x1b[31m"],
  ] as const
) {
  Deno.test(`an entry with a version ${what} is left out, though signed; those beside it stay`, () => {
    const fields = { f: T - 1, k: ann.publicKey, t: T, v: version };
    const message = bencode({ ...fields, n: NAME });
    const signature = ann.signBytes(concatBytes(utf8("libreseed:name-index-entry:v1\n"), message));
    const [publicKey, firstSeenMs, timestampMs] = [ann.publicKey, T - 1, T];
    const made = { publicKey, version, firstSeenMs, timestampMs, signature };
    assert.equal(verifyNameIndexEntry(NAME, made), false);
    // A valid entry shares the index with the invalid entry, unless the invalid entry leaves no
    // space for another entry.
    const good = version.length > 700 ? [] : [entry(bob)];
    const raw = good.map((
      { publicKey: k, version: v, firstSeenMs: f, timestampMs: t, signature: s },
    ) => (
      { f, k, s, t, v }
    ));
    const read = decodeNameIndex(bencode([{ ...fields, s: signature }, ...raw]));
    assert.deepEqual(read.entries, good);
    assert.match(read.malformed.join(), /^[^,]*number 1[^,]*no version of at most 64 characters$/);
  });
}

Deno.test("merging does not depend on order or repetition, and merging again changes nothing", () => {
  const pool = take(SLOT, 8).flatMap((pair, i) => [
    entry(pair, { firstSeenMs: T - 10 * i, version: "1.0.0" }),
    entry(pair, { firstSeenMs: T - 5 * i, timestampMs: T + (i % 3), version: "2.0.0" }),
  ]);
  fc.assert(
    fc.property(fc.shuffledSubarray(pool), fc.nat(16), (entries, split) => {
      const [a, b] = [entries.slice(0, split), entries.slice(split)];
      const merged = mergeNameIndex(NAME, SLOT, a, b);
      assert.deepEqual(mergeNameIndex(NAME, SLOT, b, a, a), merged);
      assert.deepEqual(mergeNameIndex(NAME, SLOT, merged.entries, merged.cut), merged);
      assert.ok(encodeNameIndex(merged.entries).length <= 1000);
    }),
    { numRuns: 50 },
  );
});

Deno.test("a merged list comes back from its record as it was", () => {
  const { entries } = mergeNameIndex(NAME, SLOT, [entry(cid), entry(ann), entry(bob)]);
  assert.deepEqual(decodeNameIndex(encodeNameIndex(entries)), { entries, malformed: [] });
});
