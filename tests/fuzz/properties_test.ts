/**
 * Tests with generated values that the parsers restore what the encoders wrote. `fuzz_long_test.ts`
 * covers damaged input.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatHostPort } from "../../src/base/mod.ts";
import { parseHostPort } from "../../src/config/mod.ts";
import { packageRef, parsePackageRef } from "../../src/fetching/requirement.ts";
import { formatPublicKey, keyPairFromSeed } from "../../src/identity/mod.ts";
import {
  archiveFileName,
  isValidVersion,
  parseCatalog,
  parseMinimal,
  serializeCatalog,
  serializeMinimal,
  verifyMinimalSignature,
} from "../../src/package/mod.ts";
import { bdecode, type BDecoded, bencode, type BValue } from "../../src/bencode/mod.ts";
import {
  decodeAnnounceRecord,
  decodeManifestRecord,
  decodeNameIndex,
  encodeAnnounceRecord,
  encodeManifestRecord,
  encodeNameIndex,
  formatMagnet,
  mergeNameIndex,
  parseMagnet,
  verifyItem,
} from "../../src/records/mod.ts";
import { seededRandom } from "../support/simulated_dht.ts";
import { mutate } from "../support/mutator.ts";
import { minimalOf, signer } from "./seeds.ts";
import { Broken, fuzz, stateless } from "./target.ts";
import { signedEntry, signedItem } from "../support/signed.ts";

const SEED = 20_260_101;

function holds<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => void,
  numRuns = 500,
): void {
  Deno.test(name, () => {
    fc.assert(fc.property(arbitrary, check), { seed: SEED, numRuns });
  });
}

/** Generates plain objects, because fast-check also generates objects without a prototype. */
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(shape, { noNullPrototype: true }) as fc.Arbitrary<T>;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const time = fc.maxSafeNat();
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((value) => value.isWellFormed());
const part = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const name = fc.oneof(part, fc.tuple(part, part).map(([scope, own]) => `@${scope}/${own}`));
const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.option(fc.nat(9)))
  .map(([a, b, c, rc]) => `${a}.${b}.${c}${rc === null ? "" : `-rc.${rc}`}`);

const { tree: value } = fc.letrec<{ tree: BDecoded }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.uint8Array({ maxLength: 30 }),
    fc.maxSafeInteger().map((number) => number + 0),
    fc.array(tie("tree"), { maxLength: 5 }),
    fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 8 }), tie("tree")), { maxLength: 5 })
      .map((entries) => new Map(entries.filter(([key]) => key.isWellFormed()))),
  ),
}));

/**
 * Copies a decoded value. In the copy, dictionaries are plain `Map`s, which `assert` can compare.
 */
function ordered(decoded: BDecoded): unknown {
  if (Array.isArray(decoded)) return decoded.map(ordered);
  if (!(decoded instanceof Map)) return decoded;
  return new Map([...decoded].map(([key, member]) => [key, ordered(member)]));
}

holds("bencode: values survive a round trip, and encode to the same bytes again", value, (tree) => {
  const encoded = bencode(tree as BValue);
  const decoded = bdecode(encoded);
  assert.deepEqual(ordered(decoded), ordered(tree));
  assert.deepEqual(bencode(decoded as BValue), encoded);
}, 2_000);

holds(
  "manifest records survive a round trip",
  record({
    infoHash: bytes(20),
    archiveSha256: bytes(32),
    lengthBytes: time,
    name: text,
    version: text,
    timestampMs: time,
    signature: bytes(64),
  }),
  (fields) => assert.deepEqual(decodeManifestRecord(encodeManifestRecord(fields)), fields),
);

holds(
  "announce records survive a round trip, or name the catalog when the list is too long",
  record({
    list: fc.dictionary(name, fc.uniqueArray(version, { maxLength: 6 }), { maxKeys: 12 }),
    timestampMs: time,
    catalogInfoHash: bytes(20),
  }),
  ({ list, timestampMs, catalogInfoHash }) => {
    const packages = new Map(
      Object.entries(list).map(([key, versions]) => [key, [...versions].sort()]),
    );
    const encoded = encodeAnnounceRecord({ packages, timestampMs, catalogInfoHash });
    assert.ok(encoded.length <= 1_000);
    const read = decodeAnnounceRecord(encoded);
    assert.equal(read.timestampMs, timestampMs);
    if (read.packages) assert.deepEqual(read.packages, packages);
    else assert.deepEqual(read.catalogInfoHash, catalogInfoHash);
  },
);

holds(
  "name index: merging in any order drops only entries that do not fit",
  fc.array(record({ seed: bytes(32), version, t: fc.nat() }), { minLength: 1, maxLength: 9 }),
  (publishers) => {
    const slotOf = (seed: Uint8Array) => keyPairFromSeed(seed).publicKey[0]! & 3;
    const slot = slotOf(publishers[0]!.seed);
    const entries = publishers.filter(({ seed }) => slotOf(seed) === slot).map((one) =>
      signedEntry(keyPairFromSeed(one.seed), "hello", {
        version: one.version,
        firstSeenMs: one.t,
        timestampMs: one.t + 1,
      })
    );
    const merged = mergeNameIndex("hello", slot, entries);
    assert.deepEqual(merged.dropped, []);
    assert.deepEqual(mergeNameIndex("hello", slot, entries.toReversed()), merged);
    const encoded = encodeNameIndex(merged.entries);
    assert.ok(encoded.length <= 1_000);
    assert.deepEqual(decodeNameIndex(encoded), { entries: merged.entries, malformed: [] });
  },
  60,
);

holds(
  "items: the signature covers every bit of salt, seq and value",
  record({
    salt: fc.uint8Array({ maxLength: 64 }),
    seq: time,
    tree: fc.uint8Array({ maxLength: 200 }),
    at: fc.nat(),
  }),
  ({ salt, seq, tree, at }) => {
    const item = signedItem(signer, { salt, seq, value: bencode(tree) });
    assert.ok(verifyItem(item));
    const flipped = (bytes: Uint8Array) =>
      bytes.map((byte, i) => i === at % bytes.length ? byte ^ 1 << at % 8 : byte);
    assert.ok(!verifyItem({ ...item, value: flipped(item.value) }));
    assert.ok(!verifyItem({ ...item, signature: flipped(item.signature) }));
    if (salt.length > 0) assert.ok(!verifyItem({ ...item, salt: flipped(salt) }));
    assert.ok(!verifyItem({ ...item, seq: seq === 0 ? 1 : seq - 1 }));
  },
  100,
);

holds(
  "magnet links survive a round trip",
  record({
    infoHash: bytes(20),
    name: text.filter((one) => !/\p{Cc}/u.test(one)),
    publicKey: bytes(32),
    salt: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    peers: fc.array(
      record({
        host: fc.oneof(fc.ipV4(), fc.domain(), fc.ipV6().filter((host) => !host.includes("."))),
        port: fc.integer({ min: 1, max: 65_535 }),
      }),
      { maxLength: 4 },
    ),
  }),
  (magnet) => assert.deepEqual(parseMagnet(formatMagnet(magnet)), magnet),
);

holds(
  "minimal manifests and catalogs survive a round trip",
  fc.uniqueArray(fc.tuple(name, version), {
    selector: ([one, of]) => `${one}@${of}`,
    minLength: 1,
    maxLength: 4,
  }),
  (packages) => {
    const manifests = packages.map(([one, of]) => minimalOf(one, of));
    for (const manifest of manifests) {
      assert.deepEqual(parseMinimal(serializeMinimal(manifest)), manifest);
      assert.ok(verifyMinimalSignature(manifest));
      assert.deepEqual(parsePackageRef(packageRef(manifest)), {
        pubkey: formatPublicKey(signer.publicKey),
        name: manifest.name,
        version: manifest.version,
      });
      assert.ok(!archiveFileName(manifest.name, manifest.version).includes("/"));
      assert.ok(isValidVersion(manifest.version));
    }
    const catalog = serializeCatalog(manifests.toReversed());
    assert.equal(catalog, serializeCatalog(manifests));
    const read = parseCatalog(new TextEncoder().encode(catalog), signer.publicKey);
    assert.deepEqual(read.dropped, []);
    assert.equal(read.manifests.length, manifests.length);
  },
  60,
);

holds(
  "HOST:PORT survives a round trip",
  record({
    host: fc.oneof(fc.ipV4(), fc.domain(), fc.ipV6()),
    port: fc.integer({ min: 1, max: 65_535 }),
  }),
  (address) => assert.deepEqual(parseHostPort(formatHostPort(address)), address),
);

Deno.test("the fuzzer finds a planted bug and reports the input", async () => {
  const target = {
    name: "none",
    seeds: () => [new TextEncoder().encode("d4:infod6:lengthi5eee")],
    open: stateless((input) => {
      if (new TextDecoder().decode(input).includes("-3:")) throw new RangeError("planted");
    }),
  };
  await assert.rejects(
    fuzz(target, seededRandom(SEED), { inputs: 20_000 }),
    (error) => error instanceof Broken && new TextDecoder().decode(error.input).includes("-3:"),
  );
});

Deno.test("the fuzzer finds an input for which too much memory is allocated", async () => {
  const held: Uint8Array[] = [];
  const target = {
    name: "none",
    maxBytes: 2 ** 20,
    seeds: () => [new TextEncoder().encode("some seed")],
    open: stateless((input) => {
      if (input[0] !== 0x73) held.push(new Uint8Array(8 * 2 ** 20));
    }),
  };
  await assert.rejects(
    fuzz(target, seededRandom(SEED), { inputs: 20_000 }),
    (error) => error instanceof Broken && /allocated/.test(error.message),
  );
});

Deno.test("the mutator is deterministic for a seed and keeps inputs within their maximum size", () => {
  const input = new Uint8Array(90_000).fill(0x6c);
  const [a, b] = [seededRandom(SEED), seededRandom(SEED)];
  let changed = 0;
  for (let i = 0; i < 200; i++) {
    const damaged = mutate(input, [input], a);
    assert.deepEqual(damaged, mutate(input, [input], b));
    assert.ok(damaged.length <= 96 * 1024);
    if (damaged.length !== input.length) changed++;
  }
  assert.ok(changed > 50);
});
