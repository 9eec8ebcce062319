import assert from "node:assert/strict";
import canonicalize from "canonicalize";
import { fromHex, toBase64, utf8 } from "../../../../src/base/mod.ts";
import {
  certificateFromJson,
  formatPublicKey,
  keyPairFromSeed,
  parsePublicKey,
  type Signer,
  type Statement,
  statementOf,
} from "../../../../src/identity/mod.ts";
import {
  claimedUnpackedBytes,
  contentHash,
  type FullManifest,
  type MinimalManifest,
  parseFull,
  parseMinimal,
  problemOfCertificate,
  serializeFull,
  serializeMinimal,
  signerFields,
  signFull,
  signingKeyOf,
  signMinimal,
  type Unsigned,
  verifyFullSignature,
  verifyMinimalSignature,
} from "../../../../src/package/mod.ts";
import {
  manifestFields,
  readFull,
  withUnpackedBytes,
} from "../../../../src/package/manifest/mod.ts";
import { defaultArchiveLimits } from "../../../../src/package/paths/mod.ts";
import { sha256 } from "../../../support/package_archives.ts";
import vectors from "../../../vectors/certificates.json" with { type: "json" };

const root = keyPairFromSeed(new Uint8Array(32).fill(1));
const signing = keyPairFromSeed(new Uint8Array(32).fill(2));
const FROM = Date.UTC(2026, 10, 29);
const files = { "index.js": `sha256:${"0".repeat(64)}` };
const full = { name: "hello", version: "1.0.0", files, contentHash: contentHash(files) };
const minimal = {
  name: "hello",
  version: "1.0.0",
  archiveSha256: `sha256:${"0".repeat(64)}`,
  btih: "0".repeat(40),
  length: 1,
  timestamp: FROM + 1,
};

/** Returns a signer whose key the root key has certified. */
async function certified(limits: { untilMs?: number; names?: string[] } = {}): Promise<Signer> {
  const fields = { key: signing.publicKey, fromMs: FROM, ...limits };
  const signature = await root.sign(statementOf(fields));
  return {
    publicKey: signing.publicKey,
    certificate: { root: root.publicKey, ...fields, signature },
    sign: (statement) => signing.sign(statement),
  };
}

/** Signs a minimal manifest, whatever the certificate covers, as another program could. */
async function forced(
  fields: Unsigned<MinimalManifest>,
  signer: Signer,
): Promise<MinimalManifest> {
  const unsigned = { ...fields, ...signerFields(signer) };
  const json = new TextEncoder().encode(canonicalize(unsigned));
  const signature = await signer.sign({ kind: "minimal manifest", json });
  return { ...unsigned, signature: `ed25519:${toBase64(signature)}` };
}

Deno.test("manifests of a certified key name the identity and carry the certificate", async () => {
  const signer = await certified({ names: ["hel*"] });
  const [one, other] = [await signMinimal(minimal, signer), await signFull(full, signer)];
  for (const manifest of [one, other]) {
    assert.equal(manifest.protocol, "libreseed/2");
    assert.equal(manifest.pubkey, formatPublicKey(root.publicKey));
    assert.deepEqual(signingKeyOf(manifest), signing.publicKey);
  }
  assert(verifyMinimalSignature(parseMinimal(serializeMinimal(one))));
  assert(verifyFullSignature(parseFull(serializeFull(other))));
  const bytes = new TextEncoder().encode(serializeFull(other));
  assert((await readFull(bytes, defaultArchiveLimits)).isSigned());
});

Deno.test("a key may sign only what its certificate covers", async () => {
  const cases: [Signer, RegExp][] = [
    [await certified({ names: ["other"] }), /may not sign hello, only other/],
    [await certified({ untilMs: FROM }), /may sign from 2026-11-29T00:00:00.000Z to /],
  ];
  const late = { ...minimal, timestamp: FROM + 3_600_000 };
  for (const [signer, problem] of cases) {
    const refusal = { code: "KEY_NOT_CERTIFIED", message: problem };
    await assert.rejects(signMinimal(late, signer), refusal);
    const manifest = await forced(late, signer);
    assert.match(problemOfCertificate(manifest, manifest.timestamp)!, problem);
    assert(!verifyMinimalSignature(manifest));
  }
  const early = await forced({ ...minimal, timestamp: FROM - 3_600_000 }, await certified());
  assert(!verifyMinimalSignature(early));
  // The time in a full manifest is that of its sources.
  const old = await signFull({ ...full, timestamp: 0 }, await certified());
  assert(verifyFullSignature(old));
  const other = await certified({ names: ["other"] });
  await assert.rejects(signFull(full, other), { code: "KEY_NOT_CERTIFIED" });
});

Deno.test("a certificate of another root, for another key or without one does not count", async () => {
  const signer = await certified();
  const valid = await signMinimal(minimal, signer);
  const thief = keyPairFromSeed(new Uint8Array(32).fill(3));
  const forged: Signer = { ...signer, sign: (statement) => thief.sign(statement) };
  assert(!verifyMinimalSignature(await signMinimal(minimal, forged)));
  const ownCertificate = { ...signer.certificate!, key: thief.publicKey };
  const self: Signer = { ...forged, publicKey: thief.publicKey, certificate: ownCertificate };
  assert(!verifyMinimalSignature(await forced(minimal, self)));
  const { signer: _, ...bare } = valid;
  assert(!verifyMinimalSignature(bare as MinimalManifest));
});

Deno.test("signer and ext belong to libreseed/2, and libreseed/2 has a signer", async () => {
  const valid = await signMinimal(minimal, await certified());
  const text = (fields: object) => serializeMinimal({ ...valid, ...fields } as MinimalManifest);
  for (
    const [fields, message] of [
      [{ protocol: "libreseed/1" }, /signer belongs to libreseed\/2/],
      [{ signer: { ...valid.signer, from: -1 } }, /signer: .*from is no time/],
      [{ signer: [] }, /signer: is not an object/],
      [{ ext: { files: { a: "b" } } }, /ext: is no object of texts/],
      [{ ext: { a: "x".repeat(1024) } }, /ext: is no object of texts/],
    ] as const
  ) {
    assert.throws(() => parseMinimal(text(fields)), { code: "MANIFEST_INVALID", message });
  }
  assert.deepEqual(parseMinimal(text({ ext: { a: 1, b: "c", d: true } })).ext, {
    a: 1,
    b: "c",
    d: true,
  });
});

Deno.test("a newer format is named as that", async () => {
  const one = await signMinimal(minimal, signing);
  const other = await signFull(full, signing);
  for (const protocol of ["libreseed/3", "libreseed/12"]) {
    assert.throws(
      () => parseMinimal(serializeMinimal({ ...one, protocol } as unknown as MinimalManifest)),
      { code: "NEWER_FORMAT", kind: "failed" },
    );
    assert.throws(
      () => parseFull(serializeFull({ ...other, protocol } as unknown as FullManifest)),
      { code: "NEWER_FORMAT", kind: "failed" },
    );
  }
  // Also if the files are written in a form that this program does not know.
  const text = serializeFull({ ...other, protocol: "libreseed/3" } as unknown as FullManifest);
  for (const files of ["[]", '{"a":{"length":1}}', "1", '"none"']) {
    assert.throws(
      () => parseFull(text.replace(/"files":\{[^}]*\}/, `"files":${files}`)),
      { code: "NEWER_FORMAT", kind: "failed" },
    );
  }
  for (const protocol of ["libreseed/0", "libreseed/3x", "other/3", 3]) {
    assert.throws(
      () => parseMinimal(serializeMinimal({ ...one, protocol } as unknown as MinimalManifest)),
      { code: "MANIFEST_INVALID" },
    );
  }
});

Deno.test("vector: the manifest of an archive by a certified key, with the unpacked size", async () => {
  const { certificates, rootText, fullManifest } = vectors;
  const [, { signingKeySeedHex, json }] = certificates as [unknown, typeof certificates[1]];
  const pair = keyPairFromSeed(fromHex(signingKeySeedHex)!);
  const certificate = certificateFromJson(json, parsePublicKey(rootText));
  const contents = fullManifest.files.map(({ path, contentsHex }) =>
    [path, fromHex(contentsHex)!] as const
  );
  const hashes = Object.fromEntries(contents.map(([path, bytes]) => [path, sha256(bytes)]));
  const unpackedBytes = contents.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  const signer = {
    publicKey: pair.publicKey,
    certificate,
    sign: (statement: Statement) => pair.sign(statement),
  };
  const fields = manifestFields({ name: "hello", version: "1.2.3" }, hashes, undefined);
  const signed = await signFull(withUnpackedBytes(fields, unpackedBytes, signer), signer);
  assert.equal(serializeFull(signed), fullManifest.full);
  const read = await readFull(utf8(fullManifest.full), defaultArchiveLimits);
  assert.ok(read.isSigned());
  assert.equal(claimedUnpackedBytes(read.manifest), unpackedBytes);
});
