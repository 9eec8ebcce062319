/**
 * The flags of packages against the vectors: in announce records, in lines of a catalog, and tags.
 *
 * @module
 */

import assert from "node:assert/strict";
import semver from "semver";
import { fromHex, groupByText, isTag, ungroup, utf8 } from "../../../src/base/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import {
  catalogKey,
  flagLines,
  growCatalog,
  PackageError,
  parseCatalog,
  serializeCatalog,
} from "../../../src/package/mod.ts";
import {
  announceFits,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  encodeCatalogRecord,
  flagsFit,
  RecordError,
} from "../../../src/records/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { flagsOf, packageFlagsOf, type PackageFlagsVector } from "../../support/flags.ts";
import { signedMinimal } from "../../support/signed.ts";
import vectors from "../../vectors/flags.json" with { type: "json" };

const keys = keyPairFromSeed(new Uint8Array(32).fill(41));
const good = vectors.good as unknown as { name: string; flags: PackageFlagsVector; line: string }[];
const minimal = (name: string, version: string) =>
  signedMinimal({
    ...{ name, version, archiveSha256: `sha256:${"cd".repeat(32)}`, btih: "ab".repeat(20) },
    ...{ length: 1_000, timestamp: 1_780_000_000_000 },
  }, keys);

Deno.test("lines of flags in a catalog are as in the vectors, to the byte", () => {
  for (const { name, flags, line } of good) {
    const given = new Map([[name, packageFlagsOf(flags)]]);
    assert.deepEqual(flagLines(given), new Map([[`${name}@`, `${line}\n`]]));
    const read = parseCatalog(utf8(`${line}\n`), keys.publicKey);
    assert.deepEqual(read, { manifests: [], flags: given, dropped: [] });
  }
});

Deno.test("a catalog drops each line of flags that the vectors refuse, and keeps the others", () => {
  const [kept] = good;
  for (const { why, line } of vectors.badLines) {
    const { flags, dropped } = parseCatalog(utf8(`${line}\n${kept!.line}\n`), keys.publicKey);
    assert.equal(dropped.length, 1, why);
    assert.deepEqual([...flags.keys()], [kept!.name], why);
  }
});

Deno.test("flags stand before the versions of their package, and the catalog is sorted", () => {
  const flags = flagsOf({
    hello: { tags: { next: "2.0.0" } },
    "hello-world": { yanked: { "1.0.0": "" } },
  });
  const manifests = [
    minimal("hello", "1.0.0"),
    minimal("hello", "2.0.0"),
    minimal("hello-world", "1.0.0"),
  ];
  const text = serializeCatalog(manifests, flags);
  const ids = text.trimEnd().split("\n").map((line) => catalogKey(JSON.parse(line)));
  assert.deepEqual(ids, [
    ...["hello-world@", "hello-world@1.0.0"],
    ...["hello@", "hello@1.0.0", "hello@2.0.0"],
  ]);
  assert.deepEqual(parseCatalog(utf8(text), keys.publicKey), {
    manifests: [
      manifests[2],
      manifests[0],
      manifests[1],
    ],
    flags: new Map([...flags].toReversed()),
    dropped: [],
  });
});

Deno.test("a catalog gets, replaces and loses flags without being parsed", () => {
  const manifests = [minimal("a", "1.0.0"), minimal("hello", "1.0.0"), minimal("z", "1.0.0")];
  let bytes = utf8(serializeCatalog(manifests));
  for (
    const [flags, added] of [
      [{ hello: { yanked: { "1.0.0": "broken" } } }, 0],
      [{ hello: { yanked: { "1.0.0": "very broken" } } }, 0],
      [{ hello: {} }, 0],
      [{ hello: {} }, 0],
    ] as const
  ) {
    const grown = growCatalog(bytes, flagLines(flagsOf(flags)))!;
    assert.equal(grown.added, added, "a line of flags is no package");
    bytes = grown.bytes as typeof bytes;
    const read = parseCatalog(bytes, keys.publicKey);
    assert.equal(read.manifests.length, 3);
    const kept = Object.entries(flags).filter(([, of]) => Object.keys(of).length > 0);
    assert.deepEqual(read.flags, flagsOf(Object.fromEntries(kept)));
  }
  assert.deepEqual(bytes, utf8(serializeCatalog(manifests)));
});

Deno.test("an announce record with flags that the vectors refuse is invalid", () => {
  for (const { why, valueHex } of vectors.badRecords) {
    assert.throws(
      () => decodeAnnounceRecord(fromHex(valueHex)!),
      (error) => error instanceof RecordError && error.code === "BAD_RECORD",
      why,
    );
  }
});

Deno.test("flags go into the record as long as they fit beside the list, then beside the catalog's infohash", () => {
  const fields = (texts: number) => ({
    packages: new Map([["hello", ["1.0.0"]]]),
    timestampMs: 1_780_000_000_000,
    flags: flagsOf({
      hello: {
        deprecated: Object.fromEntries(
          Array.from({ length: texts }, (_, i) => [`1.0.${i}`, `${i}`.repeat(87)]),
        ),
      },
    }),
  });
  const ih = { catalogInfoHash: new Uint8Array(20), count: 1 };
  const [inRecord, inCatalog] = [fields(9), fields(10)];
  assert.ok(announceFits(inRecord) && flagsFit(inRecord));
  assert.deepEqual(decodeAnnounceRecord(encodeAnnounceRecord(inRecord)).flags, inRecord.flags);
  assert.ok(!announceFits(inCatalog) && !flagsFit(inCatalog));
  const record = decodeAnnounceRecord(encodeAnnounceRecord({ ...inCatalog, ...ih }));
  assert.deepEqual([record.catalogHasFlags, record.flags, record.packages], [
    true,
    undefined,
    undefined,
  ]);
  assert.throws(() => encodeCatalogRecord({ ...inCatalog, ...ih }), { code: "BAD_FIELD" });
});

Deno.test("flags of a package that take more than a line of a catalog are refused when they are written", () => {
  const texts = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, i) => [`1.0.${i}`, `${i}`.padEnd(90, "x")]),
  );
  assert.throws(
    () => flagLines(flagsOf({ hello: { yanked: texts } })),
    (error) => error instanceof PackageError && error.code === "FLAGS_TOO_LARGE",
  );
});

Deno.test("tags are those of the vectors, and no tag is a range or a version", () => {
  for (const tag of vectors.tags.good) assert.ok(isTag(tag), tag);
  for (const tag of vectors.tags.bad) assert.ok(!isTag(tag), tag);
  // Every text of up to four of these letters, since npm:semver reads them in many ways.
  const letters = ["v", "x", "1", "0", ".", "-", "a", "_"];
  let texts = [""];
  for (let length = 0; length < 5; length++) {
    texts = texts.flatMap((text) => letters.map((letter) => text + letter));
    for (const text of texts) {
      if (isTag(text)) assert.equal(semver.validRange(text), null, text);
    }
  }
});

Deno.test("texts lose what a terminal would obey", () => {
  for (const { wireText, text } of vectors.cleaned) {
    const value = bencode({
      c: 1,
      t: 1,
      p: new Map([["hello", ["1.0.0"]]]),
      y: new Map([["hello", new Map([[wireText, ["1.0.0"]]])]]),
    });
    assert.equal(decodeAnnounceRecord(value).flags!.get("hello")!.yanked.get("1.0.0"), text);
  }
});

Deno.test("versions are grouped by text and come back", () => {
  const texts = new Map([["1.10.0", "a"], ["1.9.0", "a"], ["1.0.0", ""]]);
  const groups = groupByText(texts);
  assert.deepEqual(groups, new Map([["", ["1.0.0"]], ["a", ["1.10.0", "1.9.0"]]]));
  assert.deepEqual(ungroup(groups), texts);
});
