/**
 * Reading an untrusted catalog.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fromUtf8, pause, utf8 } from "../../../../src/base/mod.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import {
  catalogFileName,
  catalogKey,
  growCatalog,
  MAX_CATALOG_BYTES,
  type MinimalManifest,
  PackageError,
  parseCatalog,
  parseCatalogInTurns,
  serializeCatalog,
  serializeMinimal,
  torrentOfBytes,
} from "../../../../src/package/mod.ts";
import { signedMinimal } from "../../../support/signed.ts";

const ann = keyPairFromSeed(new Uint8Array(32).fill(41));
const bob = keyPairFromSeed(new Uint8Array(32).fill(42));

function minimal(name: string, version = "1.0.0", keys = ann): MinimalManifest {
  return signedMinimal({
    name,
    version,
    archiveSha256: `sha256:${"cd".repeat(32)}`,
    btih: "ab".repeat(20),
    length: 1_000,
    timestamp: 1_780_000_000_000,
  }, keys);
}

function refused(bytes: Uint8Array, code: string, part: RegExp): void {
  assert.throws(() => parseCatalog(bytes, ann.publicKey), (error) => {
    assert.ok(error instanceof PackageError, String(error));
    assert.deepEqual([error.code, error.kind], [code, "verification"]);
    assert.match(error.message, part);
    // The error message names the publisher.
    assert.match(error.message, /^The catalog of ed25519:/);
    return true;
  });
}

Deno.test("a catalog has one sorted line for each manifest, for any order of input", () => {
  const manifests = [minimal("b"), minimal("a", "1.10.0"), minimal("a", "1.9.0"), minimal("@s/x")];
  const text = serializeCatalog([...manifests, minimal("b")]);
  assert.equal(text, serializeCatalog(manifests.toReversed()));
  const { manifests: read, dropped } = parseCatalog(utf8(text), ann.publicKey);
  assert.deepEqual(
    read.map(({ name, version }) => `${name}@${version}`),
    ["@s/x@1.0.0", "a@1.10.0", "a@1.9.0", "b@1.0.0"],
  );
  assert.deepEqual(dropped, []);
  assert.equal(text, read.map(serializeMinimal).join(""));
  assert.deepEqual(parseCatalog(new Uint8Array(), ann.publicKey), {
    ...{ manifests: [], flags: new Map(), dropped: [] },
  });
  const hex = ann.publicKey.toHex().slice(0, 16);
  assert.equal(catalogFileName(ann.publicKey), `catalog-${hex}.jsonl`);
});

Deno.test("a line that the publisher did not sign is left out and named, and the others are kept", () => {
  const good = [minimal("a"), minimal("z")];
  const altered = { ...minimal("c"), length: 1_001 };
  const lines: [string, RegExp][] = [
    ["", /^line 2: /],
    ["{}", /^line 3: /],
    ["\u0000\u001b[31m", /^line 4: /],
    [
      serializeMinimal(minimal("b", "1.0.0", bob)).trimEnd(),
      /^line 5: another key signed it/,
    ],
    [serializeMinimal(altered).trimEnd(), /^line 6: its signature does not hold/],
    // A line with equivalent JSON in another form is refused.
    [JSON.stringify(minimal("d"), null, 1).replaceAll("\n", ""), /^line 7: /],
    ["x".repeat(100_000), /^line 8: it is too long/],
  ];
  const text = serializeMinimal(good[0]!) + lines.map(([line]) => `${line}\n`).join("") +
    serializeMinimal(good[1]!);
  const { manifests, dropped } = parseCatalog(utf8(text), ann.publicKey);
  assert.deepEqual(manifests, good);
  assert.equal(dropped.length, lines.length);
  for (const [i, [, why]] of lines.entries()) assert.match(dropped[i]!, why);
});

Deno.test("parseCatalogInTurns yields to the event loop, and reads the same catalog", async () => {
  const lines = Array.from({ length: 1_200 }, (_, i) => i % 3 === 0 ? "no line\n" : undefined);
  const good = serializeMinimal(minimal("a"));
  const bytes = utf8(lines.map((line) => line ?? good).join(""));
  let turns = 0;
  let isRead = false;
  const others = (async () => {
    for (; !isRead; turns++) await pause();
  })();
  const read = await parseCatalogInTurns(bytes, ann.publicKey);
  isRead = true;
  await others;
  assert.ok(turns >= 2, `${turns} turns`);
  assert.deepEqual([read.manifests.length, read.dropped.length], [800, 400]);
  assert.deepEqual(read, parseCatalog(bytes, ann.publicKey));
  const cut = parseCatalogInTurns(bytes.subarray(1, -1), ann.publicKey);
  await assert.rejects(cut, { code: "CATALOG_INVALID" });
  const ended = new AbortController();
  const reading = parseCatalogInTurns(bytes, ann.publicKey, ended.signal);
  const reason = new Error("enough");
  ended.abort(reason);
  await assert.rejects(reading, reason);
});

Deno.test("a catalog that is cut short, not UTF-8 or beyond its limits is refused", () => {
  const line = serializeMinimal(minimal("a"));
  refused(utf8(line.slice(0, -1)), "CATALOG_INVALID", /ends in the middle of a line/);
  refused(utf8(line + line.slice(0, 100)), "CATALOG_INVALID", /ends in the middle of a line/);
  refused(Uint8Array.of(0xff, 0x0a), "CATALOG_INVALID", /is not UTF-8/);
  refused(utf8("\n".repeat(100_001)), "CATALOG_TOO_LARGE", /has more than 100000 lines/);
  // The lines are counted before the text is split, because splitting 64 MiB of line
  // feeds would create 67 million strings.
  refused(
    new Uint8Array(100_002).fill(0x0a, 1).fill(0xff, 0, 1),
    "CATALOG_TOO_LARGE",
    /has more/,
  );
  refused(
    new Uint8Array(MAX_CATALOG_BYTES + 1),
    "CATALOG_TOO_LARGE",
    new RegExp(`has ${MAX_CATALOG_BYTES + 1} bytes`),
  );
});

Deno.test("a grown catalog equals the catalog of all its lines", () => {
  const names = Array.from({ length: 40 }, (_, i) => `p${(i * 7) % 40}`);
  const all = [...names, "@scope/a", "z", "a"].map((name) => minimal(name));
  for (const [first, then] of [[0, 43], [1, 42], [20, 23], [42, 1], [43, 0]] as const) {
    const some = all.slice(0, first);
    const bytes = utf8(serializeCatalog(some));
    const grown = growCatalog(bytes, linesOf(all.slice(all.length - then)))!;
    assert.equal(fromUtf8(grown.bytes), serializeCatalog(all));
    assert.equal(grown.added, then);
    assert.deepEqual(grown.bytes.subarray(0, grown.sameBytes), bytes.subarray(0, grown.sameBytes));
  }
});

Deno.test("growing replaces the line of an equal key, and equal lines change nothing", () => {
  const manifests = ["a", "b", "c"].map((name) => minimal(name));
  const bytes = utf8(serializeCatalog(manifests));
  const same = growCatalog(bytes, linesOf(manifests))!;
  assert.deepEqual([same.bytes, same.sameBytes, same.added], [bytes, bytes.length, 0]);
  const other = { ...minimal("b"), length: 999_999 };
  const grown = growCatalog(bytes, linesOf([other, minimal("d")]))!;
  assert.equal(
    fromUtf8(grown.bytes),
    serializeCatalog([manifests[0]!, other, manifests[2]!, minimal("d")]),
  );
  assert.deepEqual([grown.added, grown.sameBytes], [1, bytes.indexOf(10) + 1]);
});

Deno.test("growing refuses a catalog that is cut short or has a line without name and version", () => {
  const good = serializeCatalog([minimal("a")]);
  const bad = [good.slice(0, -1), `${good}\n`, `${good}{}\n`, `${good}null\n`, `${good}[\n`];
  for (const text of [...bad, `{"name":1,"version":"1.0.0"}\n`]) {
    assert.equal(growCatalog(utf8(text), linesOf([minimal("zzz")])), undefined, text);
  }
  assert.equal(growCatalog(Uint8Array.of(0xff, 10), linesOf([minimal("a")])), undefined);
});

Deno.test("a torrent that reuses earlier piece hashes equals the torrent of all bytes", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000)).toHex().repeat(10);
  const before = utf8(bytes);
  const torrent = torrentOfBytes("a", before);
  for (const sameBytes of [0, 1, 262_143, 262_144, 700_000, before.length]) {
    const after = new Uint8Array(before.length + 1_000);
    after.set(before.subarray(0, sameBytes));
    assert.deepEqual(
      torrentOfBytes("a", after, { torrent, sameBytes }),
      torrentOfBytes("a", after),
      String(sameBytes),
    );
  }
  // If the previous torrent has a different piece length, none of its piece hashes is reused.
  const ofOtherPieces = { ...torrent, lengthBytes: 2_000 * 262_144 + 1 };
  const known = { torrent: ofOtherPieces, sameBytes: before.length };
  assert.deepEqual(
    torrentOfBytes("a", before.subarray(1), known),
    torrentOfBytes("a", before.subarray(1)),
  );
});

function linesOf(manifests: readonly MinimalManifest[]): Map<string, string> {
  return new Map(manifests.map((one) => [catalogKey(one), serializeMinimal(one)]));
}
