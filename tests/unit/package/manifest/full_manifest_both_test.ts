import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fromHex, fromUtf8, toBase64, toHex, utf8 } from "../../../../src/base/mod.ts";
import { formatPublicKey, keyPairFromSeed } from "../../../../src/identity/mod.ts";
import {
  contentHash,
  defaultArchiveLimits,
  type FullManifest,
  type MinimalManifest,
  PackageError,
  parseFull,
  parseMinimal,
  serializeFull,
  serializeMinimal,
  signFull,
  signMinimal,
  type Unsigned,
  verifyFullSignature,
  verifyMinimalSignature,
} from "../../../../src/package/mod.ts";
import vectors from "../../../vectors/manifests.json" with { type: "json" };

const pair = keyPairFromSeed(fromHex(vectors.keySeedHex)!);
const hash = (text: string) => "sha256:" + createHash("sha256").update(text).digest("hex");

Deno.test("vector: the public key of the seed", () => {
  assert.equal(formatPublicKey(pair.publicKey), vectors.publicKeyText);
});

for (const vector of vectors.minimal) {
  Deno.test(`vector: minimal manifest, ${vector.name}`, async () => {
    const manifest = await signMinimal(vector.fields, pair);
    assert.equal(manifest.signature, vector.signatureText);
    assert.equal(toHex(utf8(serializeMinimal(manifest))), vector.bytesHex);
    assert.deepEqual(parseMinimal(fromHex(vector.bytesHex)!), manifest);
    assert.deepEqual(parseMinimal(fromUtf8(fromHex(vector.bytesHex)!)), manifest);
    assert.ok(verifyMinimalSignature(manifest));
    const signature = "ed25519:" + toBase64(pair.signBytes(fromHex(vector.signedBytesHex)!));
    assert.equal(signature, vector.signatureText);
  });
}

for (const vector of vectors.full) {
  Deno.test(`vector: full manifest, ${vector.name}`, async () => {
    const fields = vector.fields as unknown as Unsigned<FullManifest>;
    const manifest = await signFull(fields, pair);
    assert.equal(manifest.contentHash, contentHash(fields.files));
    assert.equal(manifest.signature, vector.signatureText);
    assert.equal(toHex(utf8(serializeFull(manifest))), vector.bytesHex);
    assert.deepEqual(parseFull(fromHex(vector.bytesHex)!), manifest);
    assert.ok(verifyFullSignature(manifest));
    const signature = "ed25519:" + toBase64(pair.signBytes(fromHex(vector.signedBytesHex)!));
    assert.equal(signature, vector.signatureText);
  });
}

for (const { kind, why, bytesHex } of vectors.invalid) {
  Deno.test(`vector: a ${kind} manifest is refused: ${why}`, () => {
    const parse = kind === "minimal" ? parseMinimal : parseFull;
    assert.throws(() => parse(fromHex(bytesHex)!), (error: unknown) => {
      assert.ok(error instanceof PackageError, String(error));
      assert.equal(error.kind, "verification");
      assert.match(error.code, /^MANIFEST_(INVALID|TOO_LARGE)$/);
      assert.ok(!/\p{Cc}/u.test(error.message), "a terminal would obey the message");
      assert.ok(error.message.length < 1000);
      return true;
    });
  });
}

Deno.test("the content hash joins the files' hashes in the order of their paths", () => {
  const files = { b: hash("2"), a: hash("1"), "\ufb01": hash("4"), "\u{1f600}": hash("3") };
  const joined = [hash("1"), hash("2"), hash("3"), hash("4")].join("");
  assert.equal(contentHash(files), hash(joined));
});

Deno.test("the signature of either manifest fails for any altered field", () => {
  const minimal = parseMinimal(fromHex(vectors.minimal[0]!.bytesHex)!);
  const full = parseFull(fromHex(vectors.full[1]!.bytesHex)!);
  const other = keyPairFromSeed(new Uint8Array(32));
  const minimalChanges: Partial<MinimalManifest>[] = [
    { name: "hullo" },
    { version: "1.0.1" },
    { archiveSha256: hash("x") },
    { btih: "1".repeat(40) },
    { length: minimal.length + 1 },
    { timestamp: minimal.timestamp + 1 },
    { pubkey: formatPublicKey(other.publicKey) },
    { signature: "ed25519:" + toBase64(other.signBytes(utf8("x"))) },
  ];
  for (const change of minimalChanges) {
    assert.equal(verifyMinimalSignature({ ...minimal, ...change }), false, JSON.stringify(change));
  }
  const fullChanges: Partial<FullManifest>[] = [
    { name: "@scope/nume" },
    { version: "2.0.0" },
    { description: "x" },
    { description: undefined },
    { author: "x" },
    { license: "GPL-3.0-only" },
    { homepage: "https://example.com/" },
    { repository: undefined },
    { files: { ...full.files, b: hash("b") } },
    { contentHash: hash("x") },
    { timestamp: 1 },
    { timestamp: undefined },
    { dependencies: {} },
    { pubkey: formatPublicKey(other.publicKey) },
  ];
  for (const change of fullChanges) {
    assert.equal(verifyFullSignature({ ...full, ...change }), false, JSON.stringify(change));
  }
  assert.ok(verifyMinimalSignature({ ...minimal }) && verifyFullSignature({ ...full }));
});

Deno.test("a minimal manifest with any altered byte is refused", () => {
  const bytes = fromHex(vectors.minimal[0]!.bytesHex)!;
  for (let i = 0; i < bytes.length; i++) {
    for (const bit of [0x01, 0x02, 0x08, 0x20, 0x80]) {
      const altered = bytes.slice();
      altered[i]! ^= bit;
      let accepted: boolean;
      try {
        accepted = verifyMinimalSignature(parseMinimal(altered));
      } catch (error) {
        assert.ok(error instanceof PackageError);
        accepted = false;
      }
      assert.equal(accepted, false, `byte ${i}, bit ${bit}`);
    }
  }
});

Deno.test("a full manifest with any altered byte is refused", () => {
  const bytes = fromHex(vectors.full[1]!.bytesHex)!;
  for (let i = 0; i < bytes.length; i++) {
    const altered = bytes.slice();
    altered[i]! ^= 0x01;
    let accepted: boolean;
    try {
      accepted = verifyFullSignature(parseFull(altered));
    } catch (error) {
      assert.ok(error instanceof PackageError);
      accepted = false;
    }
    assert.equal(accepted, false, `byte ${i}`);
  }
});

Deno.test("the signature of one kind of manifest is not valid for the other kind", () => {
  const { signedBytesHex, signatureText } = vectors.minimal[0]!;
  const signature = toBase64(pair.signBytes(utf8(
    fromUtf8(fromHex(signedBytesHex)!).replace("minimal-manifest", "full-manifest"),
  )));
  const minimal = parseMinimal(fromHex(vectors.minimal[0]!.bytesHex)!);
  assert.ok(!verifyMinimalSignature({ ...minimal, signature: "ed25519:" + signature }));
  assert.ok(verifyMinimalSignature({ ...minimal, signature: signatureText }));
});

Deno.test("verifying a value that is no manifest returns false", () => {
  const minimal = parseMinimal(fromHex(vectors.minimal[0]!.bytesHex)!);
  const candidates: unknown[] = [undefined, null, 1, "x", [], {}, { ...minimal, extra: 1 }];
  for (const candidate of candidates) {
    assert.equal(verifyMinimalSignature(candidate as MinimalManifest), false);
    assert.equal(verifyFullSignature(candidate as FullManifest), false);
  }
});

Deno.test("signing fields that readers would refuse is a usage error", async () => {
  const fields = vectors.minimal[0]!.fields;
  const bad = [
    { ...fields, name: "Hello" },
    { ...fields, length: 0 },
    { ...fields, length: NaN },
    { ...fields, timestamp: -1 },
    { ...fields, extra: 1 },
  ];
  for (const candidate of bad) {
    await assert.rejects(signMinimal(candidate, pair), { code: "MANIFEST_INVALID", kind: "usage" });
  }
  const full = vectors.full[0]!.fields as unknown as Unsigned<FullManifest>;
  await assert.rejects(signFull({ ...full, description: "\ud800" }, pair), { kind: "usage" });
  await assert.rejects(signFull({ ...full, files: {} }, pair), { kind: "usage" });
});

Deno.test("optional fields given as undefined are left out", async () => {
  const full = vectors.full[0]!.fields as unknown as Unsigned<FullManifest>;
  const manifest = await signFull({ ...full, description: undefined, timestamp: undefined }, pair);
  assert.ok(!("description" in manifest) && !("timestamp" in manifest));
  assert.equal(toHex(utf8(serializeFull(manifest))), vectors.full[0]!.bytesHex);
});

Deno.test("the given limits apply to reading a full manifest", () => {
  const bytes = fromHex(vectors.full[1]!.bytesHex)!;
  const limits = (changes: Partial<typeof defaultArchiveLimits>) => ({
    ...defaultArchiveLimits,
    ...changes,
  });
  assert.throws(() => parseFull(bytes, limits({ maxManifestBytes: bytes.length - 1 })), {
    code: "MANIFEST_TOO_LARGE",
  });
  assert.throws(() => parseFull(bytes, limits({ maxFiles: 10 })), { code: "MANIFEST_INVALID" });
  assert.throws(() => parseFull(bytes, limits({ maxPathBytes: 10 })), { code: "MANIFEST_INVALID" });
  parseFull(bytes, limits({ maxFiles: 11, maxManifestBytes: bytes.length }));
});
