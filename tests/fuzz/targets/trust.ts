/** Fuzz targets of keys: publisher records, files of certificates, and lines of `trust.log`. */

import assert from "node:assert/strict";
import { compareBytes } from "../../../src/base/mod.ts";
import {
  formatCertificateFile,
  IdentityError,
  parseCertificateFile,
  verifyCertificate,
} from "../../../src/identity/mod.ts";
import {
  decodeItem,
  decodePublisherRecord,
  encodeItem,
  encodePublisherRecord,
  isGoodList,
  MAX_REVOKED_KEYS,
  MAX_SIGNING_KEYS,
  RecordError,
  verifyItem,
} from "../../../src/records/mod.ts";
import { formatLine, readLine } from "../../../src/trust/trust_log.ts";
import { fromHexText, vectors } from "../seeds.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

interface Vectors {
  certificates: { file: string }[];
  publisherRecords: { item: ItemVector }[];
  manifest: { minimal: string };
}

interface ItemVector {
  publicKeyHex: string;
  saltHex: string;
  seq: number;
  valueHex: string;
  signatureHex: string;
}

const read = () => vectors<Vectors>("certificates");
const encoder = new TextEncoder();

function itemOf({ publicKeyHex, saltHex, seq, valueHex, signatureHex }: ItemVector) {
  return {
    ...{ publicKey: fromHexText(publicKeyHex), salt: fromHexText(saltHex), seq },
    ...{ value: fromHexText(valueHex), signature: fromHexText(signatureHex) },
  };
}

const publisherRecordTarget: Target = {
  name: "publisher-record",
  seeds: async () => (await read()).publisherRecords.map(({ item }) => fromHexText(item.valueHex)),
  open: stateless((bytes) => {
    isGoodList(bytes);
    const record = readOrRefuse(RecordError, () => decodePublisherRecord(bytes));
    if (!record) return;
    const { signingKeys, revokedKeys, good, goodList } = record;
    assert.ok(signingKeys.length <= MAX_SIGNING_KEYS && revokedKeys.length <= MAX_REVOKED_KEYS);
    assert.ok(!(good && goodList), "two lists of good archives");
    const keys = [...signingKeys, ...revokedKeys].map(({ key }) => key).sort(compareBytes);
    assert.ok(
      keys.every((key, i) => i === 0 || compareBytes(keys[i - 1]!, key) < 0),
      "a key twice",
    );
    // Unknown keys of the dictionary are ignored, so the bytes may differ; the content may not. It may
    // have been longer than a record may be.
    const again = readOrRefuse(RecordError, () => encodePublisherRecord(record));
    if (again) assert.deepEqual(decodePublisherRecord(again), record);
  }),
};

const certificateTarget: Target = {
  name: "certificate-file",
  seeds: async () => (await read()).certificates.map(({ file }) => encoder.encode(file)),
  open: stateless((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const certificate = readOrRefuse(IdentityError, () => parseCertificateFile(text));
    if (!certificate) return;
    assert.ok(verifyCertificate(certificate), "not signed by its root");
    assert.deepEqual(parseCertificateFile(formatCertificateFile(certificate)), certificate);
  }),
};

const trustLogTarget: Target = {
  name: "trust-log",
  seeds: async () => {
    const { publisherRecords, manifest } = await read();
    const items = publisherRecords.map(({ item }) => ({
      seen: 1,
      record: encodeItem(itemOf(item)),
    }));
    const lines = [
      ...items.map(({ seen, record }) => ({ seen, record: record.toBase64() })),
      { seen: 2, manifest: manifest.minimal },
    ];
    return lines.map((line) => encoder.encode(JSON.stringify(line)));
  },
  open: stateless((bytes) => {
    const line = readLine(new TextDecoder().decode(bytes));
    if (!line) return;
    assert.deepEqual(readLine(formatLine(line)), line);
    if (!line.item) return;
    assert.ok(verifyItem(line.item), "a record that nobody signed");
    assert.deepEqual(decodeItem(encodeItem(line.item)), line.item);
  }),
};

export const trustTargets: readonly Target[] = [
  publisherRecordTarget,
  certificateTarget,
  trustLogTarget,
];
