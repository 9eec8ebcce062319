/**
 * The index of a catalog: made to the byte, read in part, and refused when it lies.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fromHex, fromUtf8, toHex, utf8 } from "../../../../src/base/mod.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import {
  buildIndex,
  INDEX_PIECE_BYTES,
  type IndexedPackage,
  indexFileName,
  IndexHead,
  indexSizes,
  type MinimalManifest,
  PackageError,
  parseCatalog,
  serializeCatalog,
  torrentOfBytes,
} from "../../../../src/package/mod.ts";
import vectors from "../../../vectors/catalog_index.json" with { type: "json" };
import { signedMinimal } from "../../../support/signed.ts";

const ann = keyPairFromSeed(new Uint8Array(32).fill(51));
const publicKey = fromHex(vectors.publicKey)!;

function minimal(name: string, version = "1.0.0"): MinimalManifest {
  const digits = { archiveSha256: `sha256:${"cd".repeat(32)}`, btih: "ab".repeat(20) };
  return signedMinimal(
    { name, version, ...digits, length: 1_000, timestamp: 1_780_000_000_000 },
    ann,
  );
}

/** The catalog that `about` in the vectors describes. */
function longCatalog(): Uint8Array {
  const first = minimal("p");
  const manifests: MinimalManifest[] = [];
  for (let n = 0; n < 3_000; n++) {
    for (let v = 0; v < (n === 1_500 ? 2_500 : 1); v++) {
      const digits = (n * 10_000 + v).toString(16);
      manifests.push({
        ...first,
        name: `p-${String(n).padStart(5, "0")}`,
        version: `1.${v}.0`,
        archiveSha256: `sha256:${digits.padStart(64, "0")}`,
        btih: digits.padStart(40, "0"),
        ...{ length: n + 1, timestamp: v },
        signature: `ed25519:${btoa("\x07".repeat(64))}`,
      });
    }
  }
  return utf8(serializeCatalog(manifests));
}

/** Reads a package as a reader does that has the whole index. */
function read(index: Uint8Array, name: string): IndexedPackage | "more" | undefined {
  const head = headOf(index);
  const range = head.rangeOf(name);
  return range && head.read(index.subarray(range.start, range.end), name);
}

function headOf(index: Uint8Array, length = index.length): IndexHead {
  const sizes = indexSizes(index.subarray(0, INDEX_PIECE_BYTES), length);
  return new IndexHead(index.subarray(0, sizes.headBytes), sizes, publicKey);
}

function listed(index: Uint8Array, name: string): IndexedPackage {
  const found = read(index, name);
  assert.ok(typeof found === "object", `${name}: ${found}`);
  return found;
}

for (const vector of vectors.valid) {
  Deno.test(`an index is made to the byte: ${vector.what}`, async () => {
    const catalog = vector.catalog === undefined ? longCatalog() : utf8(vector.catalog);
    const index = (await buildIndex(catalog, publicKey))!;
    const { headBytes } = indexSizes(index.subarray(0, INDEX_PIECE_BYTES), index.length);
    assert.equal(headBytes, vector.headBytes);
    const head = fromUtf8(index.subarray(0, headBytes));
    assert.equal(head, vector.head.padEnd(headBytes, "\n"));
    if (vector.lists !== undefined) {
      const listBytes = utf8(vector.lists).length;
      assert.equal(fromUtf8(index.subarray(headBytes, headBytes + listBytes)), vector.lists);
      assert.equal(toHex(index.subarray(headBytes + listBytes)), vector.manifests);
    }
    assert.equal(index.length, vector.bytes);
    const sha256 = await crypto.subtle.digest("SHA-256", index as Uint8Array<ArrayBuffer>);
    assert.equal(toHex(new Uint8Array(sha256)), vector.sha256);
    assert.equal(indexFileName(publicKey), vector.fileName);
    assert.equal(toHex(torrentOfBytes(vector.fileName, index).infoHash), vector.infoHash);
  });
}

Deno.test("every manifest of a catalog comes back from its index, but one with unknown fields", async () => {
  const catalog = utf8(vectors.valid[0]!.catalog!);
  const { manifests, flags } = parseCatalog(catalog, publicKey);
  const index = (await buildIndex(catalog, publicKey))!;
  const head = headOf(index);
  assert.equal(manifests.length, 6);
  for (const manifest of manifests) {
    const { name, version, ext } = manifest;
    const of = listed(index, name);
    const range = head.entryRange(of, version)!;
    const found = head.manifestOf(index.subarray(range.start, range.end), name, version);
    assert.deepEqual(found, ext ? undefined : manifest);
    assert.deepEqual(of.flags, flags.get(name) ?? of.flags);
  }
  assert.deepEqual([...listed(index, "a").flags.yanked], [["1.9.0", "breaks Größe {x}"]]);
  assert.deepEqual(listed(index, "z").versions, []);
  assert.equal(head.entryRange(listed(index, "a"), "7.0.0"), undefined);
  for (const name of ["@a/a", "a-a", "c", "zz"]) assert.equal(read(index, name), undefined, name);
});

Deno.test("a reader needs one piece of the lists, and more only for a line that goes on", async () => {
  const index = (await buildIndex(longCatalog(), publicKey))!;
  const head = headOf(index);
  let more = 0;
  for (let n = 0; n < 3_000; n++) {
    const name = `p-${String(n).padStart(5, "0")}`;
    const { start, end } = head.rangeOf(name)!;
    const pieceEnd = (Math.floor(start / INDEX_PIECE_BYTES) + 1) * INDEX_PIECE_BYTES;
    const beginning = head.read(index.subarray(start, Math.min(end, pieceEnd)), name);
    if (beginning === "more") more++;
    else assert.deepEqual(beginning, listed(index, name));
    assert.deepEqual(listed(index, name).versions.length, n === 1_500 ? 2_500 : 1);
    assert.equal(listed(index, name).firstEntry, n <= 1_500 ? n : n + 2_499);
  }
  assert.ok(more >= 1 && more <= 6, `${more} lines go on in the next piece`);
});

Deno.test("lines of another key, and what is no line, are in no index", async () => {
  const bob = keyPairFromSeed(new Uint8Array(32).fill(52));
  const of = minimal("b");
  const other = signedMinimal({ ...of, name: "c" }, bob);
  const good = serializeCatalog([minimal("a"), minimal("d")]);
  const bad = `${serializeCatalog([other])}{"name":"e"}\n\nno line\n` +
    serializeCatalog([of]).replace('"length":1000', '"length":01000') +
    serializeCatalog([of]).replace('"libreseed/1"', '"libreseed/2"');
  assert.deepEqual(
    await buildIndex(utf8(good + bad), publicKey),
    await buildIndex(utf8(good), publicKey),
  );
});

Deno.test("a manifest whose signature does not hold is refused", async () => {
  const index = (await buildIndex(utf8(serializeCatalog([minimal("a")])), publicKey))!;
  index[index.length - 10]! ^= 1;
  const head = headOf(index);
  const range = head.entryRange(listed(index, "a"), "1.0.0")!;
  const entry = index.subarray(range.start, range.end);
  refused(() => head.manifestOf(entry, "a", "1.0.0"), /signature .* does not hold/);
  refused(() => head.manifestOf(entry.subarray(1), "a", "1.0.0"), /middle of a manifest/);
  entry[entry.length - 1] = 3;
  refused(() => head.manifestOf(entry, "a", "1.0.0"), /certificate .* does not have/);
});

/** Makes an index of parts that need not fit together. */
function forged(
  { first, lines = ["0 a"], lists = "a 0 1.0.0\n", entries = 1, headBytes = 16_384 }: {
    first?: string;
    lines?: string[];
    lists?: string;
    entries?: number;
    headBytes?: number;
  },
): Uint8Array {
  const begin = first ?? `libreseed-index:1 ${headBytes} ${utf8(lists).length} 0 ${entries}`;
  const head = [begin, ...lines].join("\n").padEnd(headBytes, "\n");
  return new Uint8Array([...utf8(head + lists), ...new Uint8Array(entries * 133)]);
}

Deno.test("a forged index that fits together is read", () => {
  assert.deepEqual(listed(forged({}), "a").versions, ["1.0.0"]);
});

const filler = `${"a".padEnd(100, "a")} 0 1.0.0\n`;
const hostile: [string, Parameters<typeof forged>[0], RegExp][] = [
  ["another first line", { first: "libreseed-index:2 16384 10 0 1" }, /does not begin/],
  ["no numbers", { first: "libreseed-index:1 16384 ten 0 1" }, /four sizes/],
  ["a number too few", { first: "libreseed-index:1 16384 10 1" }, /four sizes/],
  ["a leading zero", { first: "libreseed-index:1 016384 10 0 1" }, /four sizes/],
  ["a head that is no piece", { first: "libreseed-index:1 10 10 0 1" }, /head of no piece/],
  ["a huge head", { headBytes: 1_064_960 }, /head of 1064960 bytes/],
  ["too many manifests", { first: "libreseed-index:1 16384 10 0 100001" }, /100001 manifests/],
  ["too many certificates", { first: "libreseed-index:1 16384 10 255 1" }, /255 certificates/],
  ["sizes beyond the file", { first: "libreseed-index:1 16384 900000 0 1" }, /sizes say otherwise/],
  ["no name for a piece", { lines: [] }, /beginning of its lists/],
  ["a name that is none", { lines: ["0 A"] }, /place and name/],
  ["a place beyond the piece", { lines: ["16384 a"] }, /place and name/],
  ["a place beyond the lists", { lines: ["12 a"] }, /beyond its lists/],
  ["a first line that begins later", { lines: ["2 a"] }, /beginning of its lists/],
  ["another name in the lists", { lines: ["0 aa"], lists: "a 0 1.0.0\n" }, /names another package/],
  ["no order in the lists", { lists: "a 0\na 0 1.0.0\n" }, /not in order/],
  ["a line without an end", { lists: "a 0 1.0.0" }, /without an end/],
  ["a line without a name", { lines: ["0 a"], lists: "\na 0 1.0.0\n" }, /without a name/],
  ["no place of the manifests", { lists: "a 1.0.0\n" }, /says not where/],
  ["manifests beyond the file", { lists: "a 1 1.0.0\n" }, /more versions/],
  ["a version that is none", { lists: "a 0 one\n" }, /a version of a that is none/],
  [
    "versions without order",
    { lists: "a 0 1.0.0 1.0.0\n", entries: 2 },
    /versions of a that are not/,
  ],
  ["flags of another package", {
    lists: 'a 0 1.0.0 {"name":"b","tags":{"next":"1.0.0"},"version":""}\n',
  }, /flags of b/],
  ["flags that are none", { lists: 'a 0 1.0.0 {"name":"a"}\n' }, /flags are invalid/],
  ["names in the head without order", {
    lines: ["0 b", "96 a"],
    lists: `b 0 1.0.0\n${filler.repeat(200)}`,
  }, /not in order/],
];
for (const [what, parts, part] of hostile) {
  Deno.test(`an index is refused that has ${what}`, () => {
    const index = forged(parts);
    refused(() => {
      // The first line of a package is found, whichever package is asked for.
      for (const name of ["a", "aa", "b"]) read(index, name);
    }, part);
  });
}

Deno.test("a head that ends too early or names more pieces than it has is refused", () => {
  const index = forged({ lists: `a 0 1.0.0\n${filler.repeat(400)}`, lines: ["0 a", "0 b", "0 c"] });
  const sizes = indexSizes(index.subarray(0, INDEX_PIECE_BYTES), index.length);
  refused(() => new IndexHead(index.subarray(0, 100), sizes, publicKey), /no whole head/);
  const full = new TextEncoder().encode("a".repeat(INDEX_PIECE_BYTES));
  refused(() => new IndexHead(full, sizes, publicKey), /too short a head/);
});

function refused(work: () => unknown, part: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof PackageError, String(error));
    assert.equal(error.kind, "verification");
    assert.match(error.message, part);
    return true;
  });
}
