/** Certificates and the records that carry them, against the vectors of an independent program. */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import { manifestValue, minimalOf } from "../../../src/fetching/manifest_record.ts";
import {
  certificateToJson,
  formatPublicKey,
  keyPairFromSeed,
  parseCertificateFile,
  statementBytes,
  statementOf,
} from "../../../src/identity/mod.ts";
import { parseMinimal, serializeMinimal, torrentOfBytes } from "../../../src/package/mod.ts";
import {
  decodeNameIndex,
  decodePublisherRecord,
  encodeGoodList,
  encodeManifestRecord,
  encodeNameIndex,
  encodePublisherRecord,
  isGoodList,
  manifestSalt,
  type MutableItem,
  nameIndexKeyPair,
  nameIndexSalt,
  publisherSalt,
  RecordError,
  signItem,
  targetOf,
  verifyItem,
  verifyNameIndexEntry,
} from "../../../src/records/mod.ts";
import { decodeManifestRecord } from "../../../src/records/manifest_record.ts";
import vectors from "../../vectors/certificates.json" with { type: "json" };

type ItemVector = typeof vectors.manifest.item;
const root = keyPairFromSeed(fromHex(vectors.rootSeedHex)!);

function itemOf({ publicKeyHex, saltHex, seq, valueHex, signatureHex }: ItemVector): MutableItem {
  const [publicKey, salt, value, signature] = [publicKeyHex, saltHex, valueHex, signatureHex]
    .map((hex) => fromHex(hex)!) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return { publicKey, salt, seq, value, signature };
}

/** Asserts that the item is signed and lies where the vector says, and that signing gives it again. */
async function assertItem(vector: ItemVector): Promise<MutableItem> {
  const item = itemOf(vector);
  assert(verifyItem(item));
  assert.equal(toHex(targetOf(item.publicKey, item.salt)), vector.targetHex);
  const signer = keyPairFromSeed(fromHex(vector.keySeedHex)!);
  assert.deepEqual(await signItem(signer, item), item);
  return item;
}

for (const { what, file, json, signableHex, signatureHex } of vectors.certificates) {
  Deno.test(`certificate ${what}`, async () => {
    const certificate = parseCertificateFile(file);
    assert.equal(formatPublicKey(certificate.root), vectors.rootText);
    assert.deepEqual(certificateToJson(certificate), json);
    assert.equal(toHex(statementBytes(statementOf(certificate), root.publicKey)), signableHex);
    assert.equal(toHex(await root.sign(statementOf(certificate))), signatureHex);
  });
}

Deno.test("files of certificates that a reader refuses", () => {
  for (const { why, file } of vectors.refusedFiles) {
    assert.throws(() => parseCertificateFile(file), { code: "CERTIFICATE_INVALID" }, why);
  }
  assert(vectors.refusedFiles.length > 20);
});

for (const { what, fields, item: vector } of vectors.publisherRecords) {
  Deno.test(`publisher record with ${what}`, async () => {
    const item = await assertItem(vector);
    assert.deepEqual(item.salt, publisherSalt());
    const { timestampMs, signingKeys, revokedKeys, good, goodList } = decodePublisherRecord(
      item.value,
    );
    assert.deepEqual({
      timestampMs,
      signingKeys: signingKeys.map(({ key, ...rest }) => ({ keyHex: toHex(key), ...rest })),
      revokedKeys: revokedKeys.map(({ key, ...rest }) => ({ keyHex: toHex(key), ...rest })),
      ...(good && { goodHex: good.map(toHex) }),
      ...(goodList && { goodListHex: toHex(goodList) }),
    }, fields);
    assert.deepEqual(encodePublisherRecord(decodePublisherRecord(item.value)), item.value);
  });
}

Deno.test("values that are no publisher record", () => {
  for (const { why, valueHex } of vectors.refusedValues) {
    assert.throws(() => decodePublisherRecord(fromHex(valueHex)!), RecordError, why);
  }
});

Deno.test("list of good archives and its torrent", () => {
  const { fileName, bytesHex, infoHashHex } = vectors.goodList;
  const bytes = fromHex(bytesHex)!;
  assert(isGoodList(bytes));
  const hashes = [0, 16, 32].map((at) => bytes.subarray(at, at + 16));
  assert.deepEqual(encodeGoodList(hashes.toReversed()), bytes);
  assert.equal(toHex(torrentOfBytes(fileName, bytes).infoHash), infoHashHex);
});

for (const what of ["manifest", "manifestWithExt"] as const) {
  Deno.test(`manifest record of a certified key: ${what}`, async () => {
    const { item: vector, minimal } = vectors[what];
    const item = await assertItem(vector);
    assert.deepEqual(item.salt, manifestSalt("hello", "1.2.3"));
    const read = minimalOf(item, { name: "hello", version: "1.2.3" });
    assert.equal(serializeMinimal(read), minimal);
    assert.deepEqual(parseMinimal(minimal), read);
    assert.deepEqual(manifestValue(read), item.value);
    assert.deepEqual(encodeManifestRecord(decodeManifestRecord(item.value)), item.value);
  });
}

Deno.test("manifest record in a newer format", async () => {
  const item = await assertItem(vectors.newerManifest);
  assert.throws(() => minimalOf(item), { code: "NEWER_FORMAT", kind: "failed" });
});

Deno.test("name entry of a certified key", async () => {
  const { name, day, slot, fields, signableHex, item: vector } = vectors.nameEntry;
  const item = await assertItem(vector);
  assert.deepEqual(item.publicKey, nameIndexKeyPair(name, day).publicKey);
  assert.deepEqual(item.salt, nameIndexSalt(name, slot));
  const { entries: [entry], malformed } = decodeNameIndex(item.value);
  assert.deepEqual(malformed, []);
  assert(verifyNameIndexEntry(name, entry!));
  assert.equal(verifyNameIndexEntry("other", entry!), false);
  assert.equal(toHex(entry!.signature), fields.signatureHex);
  const { version, firstSeenMs, timestampMs, certificate, publicKey } = entry!;
  assert.deepEqual([version, firstSeenMs, timestampMs], [
    fields.version,
    fields.firstSeenMs,
    fields.timestampMs,
  ]);
  const statement = { kind: "name entry", name, version, firstSeenMs, timestampMs } as const;
  const signed = statementBytes({ ...statement, identity: publicKey }, certificate!.key);
  assert.equal(toHex(signed), signableHex);
  assert.deepEqual(encodeNameIndex([entry!]), item.value);
});
