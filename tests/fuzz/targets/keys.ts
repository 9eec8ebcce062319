/** Fuzz targets of keys: recovery codes, certificate files, and records that a root key has signed. */

import assert from "node:assert/strict";
import {
  certificateFromJson,
  formatCertificateFile,
  IdentityError,
  keyPairFromSeed,
  parseCertificateFile,
  recoveryGroups,
  seedOfRecoveryCode,
} from "../../../src/identity/mod.ts";
import { utf8 } from "../../../src/base/mod.ts";
import { bdecode } from "../../../src/bencode/mod.ts";
import {
  decodePublisherRecord,
  encodePublisherRecord,
  RecordError,
} from "../../../src/records/mod.ts";
import { fromHexText, vectors } from "../seeds.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

interface KeyVectors {
  recoveryCodes: { code: string }[];
  certificates: { file: string }[];
  publisherRecords: { valueHex: string }[];
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const root = keyPairFromSeed(new Uint8Array(32)).publicKey;

const recoveryCodeTarget: Target = {
  name: "recovery-code",
  seeds: async () =>
    (await vectors<KeyVectors>("keys")).recoveryCodes.map(({ code }) => utf8(code)),
  open: stateless((bytes) => {
    const seed = readOrRefuse(IdentityError, () => seedOfRecoveryCode(textOf(bytes)));
    if (!seed) return;
    assert.deepEqual(seedOfRecoveryCode(recoveryGroups(seed).join(" ")), seed);
  }),
};

const certificateTarget: Target = {
  name: "certificate",
  seeds: async () => (await vectors<KeyVectors>("keys")).certificates.map(({ file }) => utf8(file)),
  open: stateless((bytes) => {
    const text = textOf(bytes);
    const read = readOrRefuse(IdentityError, () => parseCertificateFile(text));
    if (read) assert.deepEqual(parseCertificateFile(formatCertificateFile(read)), read);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return;
    }
    readOrRefuse(IdentityError, () => certificateFromJson(json, root));
  }),
};

const publisherRecordTarget: Target = {
  name: "publisher-record",
  seeds: async () =>
    (await vectors<KeyVectors>("keys")).publisherRecords.map(({ valueHex }) =>
      fromHexText(valueHex)
    ),
  open: stateless((bytes) => {
    const record = readOrRefuse(RecordError, () => decodePublisherRecord(bytes));
    if (!record) return;
    const keys = [...record.signingKeys, ...record.revokedKeys].map(({ key }) => key.join());
    assert.equal(new Set(keys).size, keys.length, "a key is listed twice");
    // Unknown keys are ignored, so only a record that has none is written as it was.
    const once = readOrRefuse(RecordError, () => encodePublisherRecord(record));
    if (once) assert.deepEqual(decodePublisherRecord(once), record);
    assert.ok(bdecode(bytes) instanceof Map);
  }),
};

/** The fuzz targets of this file. */
export const keyTargets: readonly Target[] = [
  recoveryCodeTarget,
  certificateTarget,
  publisherRecordTarget,
];
