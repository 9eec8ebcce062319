import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex, utf8 } from "../../../src/base/mod.ts";
import { bdecode, bencode, type BValue } from "../../../src/bencode/mod.ts";
import {
  announceFits,
  announceSalt,
  dayOf,
  decodeAnnounceRecord,
  decodeManifestRecord,
  decodeNameIndex,
  encodeAnnounceRecord,
  encodeManifestRecord,
  manifestSalt,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  RecordError,
} from "../../../src/records/mod.ts";

const T = 1_763_800_000_000;

function assertCode(run: () => unknown, code: string, says = /./): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof RecordError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, says);
    return true;
  });
}

const goodManifest: Record<string, BValue> = {
  h: new Uint8Array(32).fill(1),
  ih: new Uint8Array(20).fill(2),
  l: 10,
  n: "left-pad",
  s: new Uint8Array(64).fill(3),
  t: T,
  v: "1.0.0",
};
const goodAnnounce: Record<string, BValue> = { c: 1, t: T, p: { "left-pad": ["1.0.0"] } };

const decoders = [
  { what: "manifest", good: goodManifest, decode: decodeManifestRecord },
  { what: "announce", good: goodAnnounce, decode: decodeAnnounceRecord },
];

for (const { what, good, decode } of decoders) {
  Deno.test(`the ${what} record with unknown keys is read as if they were not there`, () => {
    const plain = decode(bencode(good));
    const extended = decode(bencode({ ...good, zz: [1, "x"], __proto__: 1, constructor: 2 }));
    assert.deepEqual(extended, plain);
  });

  Deno.test(`the ${what} record without one of its keys is refused, naming the key`, () => {
    for (const key of Object.keys(good).filter((key) => key !== "p")) {
      const rest = Object.fromEntries(Object.entries(good).filter(([other]) => other !== key));
      assertCode(() => decode(bencode(rest)), "BAD_RECORD", new RegExp(`"${key}": missing`));
    }
  });

  Deno.test(`the ${what} record with a value of another type is refused, naming the key`, () => {
    const others: BValue[] = [-1, new Uint8Array(5).fill(0xff), "", [], [1], {}, { a: 1 }];
    for (const [key, value] of Object.entries(good)) {
      for (const other of others) {
        // Skip replacements by a non-negative number, because every number field accepts them.
        if (typeof value === "number" && typeof other === "number" && other >= 0) continue;
        const run = () => decode(bencode({ ...good, [key]: other }));
        assertCode(run, "BAD_RECORD", new RegExp(`"(${key}|c)(\\.\\w+)?"`));
      }
    }
  });

  Deno.test(`what is no dictionary is no ${what} record`, () => {
    for (const other of [1, "x", [], [good]] as BValue[]) {
      assertCode(() => decode(bencode(other)), "BAD_RECORD", /not a dictionary/);
    }
    assertCode(() => decode(bencode({})), "BAD_RECORD", /missing/);
  });

  Deno.test(`the ${what} record that is no strict bencode is refused`, () => {
    const value = bencode(good);
    assertCode(() => decode(new Uint8Array(0)), "BAD_BENCODE");
    assertCode(() => decode(value.subarray(1)), "BAD_BENCODE");
    assertCode(() => decode(value.subarray(0, -1)), "BAD_BENCODE");
    assertCode(() => decode(new Uint8Array([...value, 0])), "BAD_BENCODE");
  });

  Deno.test(`the ${what} record of more than 1,000 bytes is refused unread`, () => {
    const long = bencode({ ...good, zz: new Uint8Array(1000) });
    assertCode(() => decode(long), "BAD_BENCODE", /more than the 1000/);
  });

  Deno.test(`no damage to the ${what} record gives another error than ours`, () => {
    const value = bencode(good);
    const damage = fc.array(fc.tuple(fc.nat(value.length - 1), fc.nat(255)), { minLength: 1 });
    fc.assert(fc.property(damage, (changes) => {
      const bytes = value.slice();
      for (const [at, byte] of changes) bytes[at] = byte;
      try {
        decode(bytes);
      } catch (error) {
        assert.ok(error instanceof RecordError, String(error));
      }
    }));
  });
}

Deno.test("a manifest record's hashes and signature must have their lengths", () => {
  for (const [key, length] of [["h", 32], ["ih", 20], ["s", 64]] as const) {
    for (const wrong of [0, length - 1, length + 1]) {
      const value = bencode({ ...goodManifest, [key]: new Uint8Array(wrong) });
      assertCode(
        () => decodeManifestRecord(value),
        "BAD_RECORD",
        new RegExp(`"${key}".*${length}`),
      );
    }
  }
});

Deno.test("a name with a byte order mark is not the name without", () => {
  const record = decodeManifestRecord(bencode({ ...goodManifest, n: "\ufeffleft-pad" }));
  assert.equal(record.name, "\ufeffleft-pad");
});

Deno.test("a manifest record is only written if it can be read", () => {
  const good = decodeManifestRecord(bencode(goodManifest));
  assert.ok(encodeManifestRecord(good));
  const bad = [
    { infoHash: new Uint8Array(19) },
    { archiveSha256: new Uint8Array(31) },
    { signature: new Uint8Array(0) },
    { lengthBytes: -1 },
    { lengthBytes: 1.5 },
    { timestampMs: NaN },
    { name: "" },
    { version: "" },
  ];
  for (const change of bad) {
    const run = () => encodeManifestRecord({ ...good, ...change });
    assertCode(run, "BAD_FIELD");
  }
  assertCode(() => encodeManifestRecord({ ...good, name: "n".repeat(900) }), "VALUE_TOO_LARGE");
});

Deno.test("a manifest record has room for the longest name and a long version", () => {
  const good = decodeManifestRecord(bencode(goodManifest));
  const lengthBytes = Number.MAX_SAFE_INTEGER;
  const value = encodeManifestRecord({
    ...good,
    lengthBytes,
    name: "n".repeat(214),
    version: "1".repeat(256),
  });
  assert.ok(value.length < 1000);
});

for (const { what, good, decode } of decoders) {
  Deno.test(`the ${what} record has 1 to 4 web seeds of 512 bytes together, or none`, () => {
    const read = (w: BValue) => decode(bencode({ ...good, w })).webSeeds;
    const four = ["a", "b", "c", "d"].map((letter) => letter.repeat(128));
    assert.deepEqual(read(["not checked to be a URL"]), ["not checked to be a URL"]);
    assert.deepEqual(read(four), four);
    assert.equal(decode(bencode(good)).webSeeds, undefined);
    const bad: BValue[] = [
      [],
      "http://a.example/",
      [1],
      [""],
      [new Uint8Array([0xff])],
      ["a", "b", "c", "d", "e"],
      ["a".repeat(513)],
      ["ä".repeat(257)],
    ];
    for (const w of bad) assertCode(() => read(w), "BAD_RECORD", /"w/);
  });
}

const packagesOf = (count: number) =>
  new Map(Array.from({ length: count }, (_, i) => [`package-${1000 + i}`, ["1.0.0"]]));

Deno.test("an announce record holds the list as long as it fits, else the catalog", () => {
  const catalogInfoHash = new Uint8Array(20).fill(9);
  let fitting = 0;
  for (let count = 0; count < 80; count++) {
    const packages = packagesOf(count);
    const fits = announceFits({ packages, timestampMs: T });
    const value = encodeAnnounceRecord({ packages, timestampMs: T, catalogInfoHash });
    assert.ok(value.length <= 1000);
    const read = decodeAnnounceRecord(value);
    assert.equal(read.count, count);
    assert.equal(read.packages !== undefined, fits);
    assert.equal(read.catalogInfoHash !== undefined, !fits);
    if (fits) fitting = count;
  }
  // In an announce record, the fixed fields take 29 bytes, and each of this test's packages takes
  // 24 bytes.
  assert.equal(fitting, 40);
});

Deno.test("web seeds count as part of an announce record, with the list or with the catalog", () => {
  const catalogInfoHash = new Uint8Array(20).fill(9);
  const webSeeds = ["a", "b", "c", "d"].map((letter) => letter.repeat(128));
  const of = (count: number) => ({ packages: packagesOf(count), timestampMs: T, webSeeds });
  assert.equal(announceFits(of(18)), true);
  assert.equal(announceFits(of(19)), false);
  for (const count of [0, 18, 19, 500]) {
    const value = encodeAnnounceRecord({ ...of(count), catalogInfoHash });
    assert.ok(value.length <= 1000);
    const read = decodeAnnounceRecord(value);
    assert.deepEqual(read.webSeeds, webSeeds);
    assert.equal(read.packages !== undefined, count <= 18);
  }
});

Deno.test("a list that does not fit needs a catalog", () => {
  const packages = packagesOf(41);
  const run = () => encodeAnnounceRecord({ packages, timestampMs: T });
  assertCode(run, "VALUE_TOO_LARGE", /41 packages.*catalog/);
});

Deno.test("a catalog's infohash must have 20 bytes", () => {
  const fields = { packages: packagesOf(41), timestampMs: T };
  const run = () => encodeAnnounceRecord({ ...fields, catalogInfoHash: new Uint8Array(32) });
  assertCode(run, "BAD_FIELD", /"ih"/);
});

Deno.test("an announce record's versions are counted and sorted by bytes", () => {
  const packages = new Map([["b", ["2.0.0", "10.0.0"]], ["a", ["1.0.0"]]]);
  const value = encodeAnnounceRecord({ packages, timestampMs: T });
  const read = decodeAnnounceRecord(value);
  assert.equal(read.count, 3);
  assert.deepEqual([...read.packages!], [["a", ["1.0.0"]], ["b", ["10.0.0", "2.0.0"]]]);
  assert.deepEqual(packages.get("b"), ["2.0.0", "10.0.0"]);
});

Deno.test("an announce record with neither list nor catalog, or a wrong count, is refused", () => {
  assertCode(() => decodeAnnounceRecord(bencode({ c: 0, t: T })), "BAD_RECORD", /neither/);
  const lying = bencode({ ...goodAnnounce, c: 2 });
  assertCode(() => decodeAnnounceRecord(lying), "BAD_RECORD", /counts 2 packages but lists 1/);
});

Deno.test("an announce record with list and catalog gives both", () => {
  const both = bencode({ ...goodAnnounce, ih: new Uint8Array(20) });
  const read = decodeAnnounceRecord(both);
  assert.ok(read.packages && read.catalogInfoHash);
});

Deno.test("a package named __proto__ is listed like any other", () => {
  const packages = new Map([["__proto__", ["1.0.0"]]]);
  const read = decodeAnnounceRecord(encodeAnnounceRecord({ packages, timestampMs: T }));
  assert.deepEqual(read.packages, packages);
});

Deno.test("a name index that is no list is refused", () => {
  for (const other of [1, "x", {}] as BValue[]) {
    assertCode(() => decodeNameIndex(bencode(other)), "BAD_RECORD", /not a list/);
  }
  assertCode(() => decodeNameIndex(utf8("le e")), "BAD_BENCODE");
});

Deno.test("malformed entries of a name index are left out and reported, the others stay", () => {
  const good = {
    f: T,
    k: new Uint8Array(32),
    s: new Uint8Array(64),
    t: T,
    v: "1.0.0",
  };
  const list = [
    1,
    { ...good, zz: 1 },
    { ...good, k: new Uint8Array(31) },
    { ...good, v: "" },
    { ...good, f: T + 1 },
    {},
    "x",
  ];
  const { entries, malformed } = decodeNameIndex(bencode(list));
  assert.deepEqual(entries, [{
    publicKey: good.k,
    version: "1.0.0",
    firstSeenMs: T,
    timestampMs: T,
    signature: good.s,
  }]);
  assert.deepEqual(malformed.map((text) => /number \d/.exec(text)?.[0]), [
    "number 1",
    "number 3",
    "number 4",
    "number 5",
    "number 6",
    "number 7",
  ]);
});

Deno.test("salts have 32 bytes and differ by what they are made from", () => {
  const key = new Uint8Array(32).fill(4);
  const salts = [
    manifestSalt("a", "1.0.0"),
    manifestSalt("a", "1.0.1"),
    manifestSalt("b", "1.0.0"),
    announceSalt(key),
    announceSalt(new Uint8Array(32)),
    ...[0, 1, 2, 3].map((slot) => nameIndexSalt("a", slot)),
    nameIndexSalt("b", 0),
  ];
  assert.deepEqual(new Set(salts.map((salt) => salt.length)), new Set([32]));
  assert.equal(new Set(salts.map(toHex)).size, salts.length);
});

Deno.test("the four slots of a name differ in the last byte alone", () => {
  const salts = [0, 1, 2, 3].map((slot) => nameIndexSalt("left-pad", slot));
  assert.deepEqual(salts.map((salt) => salt[31]), [0, 1, 2, 3]);
  assert.equal(new Set(salts.map((salt) => toHex(salt.subarray(0, 31)))).size, 1);
});

Deno.test("there is no slot but 0 to 3", () => {
  for (const slot of [-1, 4, 0.5, NaN]) assertCode(() => nameIndexSalt("a", slot), "BAD_FIELD");
  const keys = Array.from({ length: 256 }, (_, byte) => new Uint8Array(32).fill(byte));
  assert.deepEqual([...new Set(keys.map(nameIndexSlot))], [0, 1, 2, 3]);
});

Deno.test("a name index has another key every UTC day, the same all day", () => {
  const midnight = Date.UTC(2025, 10, 22);
  const keyAt = (ms: number) => toHex(nameIndexKeyPair("left-pad", dayOf(ms)).publicKey);
  assert.equal(keyAt(midnight), keyAt(midnight + 86_399_999));
  assert.notEqual(keyAt(midnight), keyAt(midnight - 1));
  assert.notEqual(keyAt(midnight), keyAt(midnight + 86_400_000));
  const other = toHex(nameIndexKeyPair("right-pad", dayOf(midnight)).publicKey);
  assert.notEqual(keyAt(midnight), other);
});

Deno.test("a record's value can be decoded as plain bencode as well", () => {
  const value = encodeManifestRecord(decodeManifestRecord(bencode(goodManifest)));
  assert.ok(bdecode(value) instanceof Map);
});
