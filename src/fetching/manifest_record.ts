/**
 * Converts the minimal manifest of an archive to a DHT record or a magnet link, and reads it from a
 * record. A minimal manifest holds the archive's name, version, hashes and signature.
 *
 * @module
 */

import { fromBase64, fromHex, toBase64, toHex, usableWebSeeds } from "../base/mod.ts";
import {
  certificateToJson,
  formatPublicKey,
  parsePublicKey,
  type Signer,
} from "../identity/mod.ts";
import {
  canonicalJson,
  certificateOf,
  CERTIFIED_PROTOCOL,
  checkProtocol,
  type Ext,
  formatSha256,
  type MinimalManifest,
  parseSha256,
  problemOfCertificate,
  PROTOCOL,
  type SignerFields,
  signingKeyOf,
  verifyMinimalSignature,
} from "../package/mod.ts";
import {
  decodeManifestRecord,
  encodeManifestRecord,
  formatMagnet,
  manifestSalt,
  type MutableItem,
  signItem,
} from "../records/mod.ts";
import { FetchingError } from "./errors.ts";

const SIGNATURE_PREFIX = "ed25519:";

/**
 * Encodes a minimal manifest as the value of its DHT record.
 *
 * @param webSeeds URLs of web seeds of the archive, as `usableWebSeeds` returns them
 */
export function manifestValue(
  minimal: MinimalManifest,
  webSeeds: readonly string[] = [],
): Uint8Array {
  return encodeManifestRecord({
    infoHash: fromHex(minimal.btih)!,
    archiveSha256: parseSha256(minimal.archiveSha256)!,
    lengthBytes: minimal.length,
    name: minimal.name,
    version: minimal.version,
    timestampMs: minimal.timestamp,
    signature: fromBase64(minimal.signature.slice(SIGNATURE_PREFIX.length))!,
    ...(minimal.signer && { certificate: certificateOf(minimal) }),
    ...(minimal.ext && { extJson: canonicalJson(minimal.ext) }),
    ...(webSeeds.length > 0 && { webSeeds: [...webSeeds] }),
  });
}

/**
 * Creates and signs the DHT record of a minimal manifest. `signer` has to hold the key that signed the
 * manifest, since the record has no place for another key.
 *
 * @param webSeeds as in {@linkcode manifestValue}
 */
export async function manifestRecord(
  minimal: MinimalManifest,
  signer: Signer,
  seq: number,
  webSeeds: readonly string[] = [],
): Promise<MutableItem> {
  const salt = manifestSalt(minimal.name, minimal.version);
  return await signItem(signer, { salt, seq, value: manifestValue(minimal, webSeeds) });
}

/**
 * Reads the minimal manifest in a record and verifies its signature. The signature of the record itself
 * was verified before, by the lookup.
 *
 * @param expected package that the record has to be about; if absent, any package is accepted
 * @throws {FetchingError} `RECORD_INVALID` (kind `verification`) if the manifest's signature is wrong or
 * the record is about another package
 * @throws {PackageError} `NEWER_FORMAT` (kind `failed`)
 * @throws {RecordError} if the value does not decode as a manifest record
 */
export function minimalOf(
  item: MutableItem,
  expected?: { name: string; version: string },
): MinimalManifest {
  const record = decodeManifestRecord(item.value);
  if (record.format !== undefined) {
    checkProtocol(
      `The minimal manifest of ${record.name}@${record.version} in the DHT`,
      `libreseed/${record.format}`,
    );
  }
  const minimal: MinimalManifest = {
    ...signerFieldsOf(item, record),
    ...(record.extJson !== undefined && { ext: extIn(record.extJson) }),
    name: record.name,
    version: record.version,
    archiveSha256: formatSha256(record.archiveSha256),
    btih: toHex(record.infoHash),
    length: record.lengthBytes,
    timestamp: record.timestampMs,
    signature: SIGNATURE_PREFIX + toBase64(record.signature),
  };
  const label = `${minimal.name}@${minimal.version}`;
  if (expected && (expected.name !== minimal.name || expected.version !== minimal.version)) {
    throw new FetchingError(
      "verification",
      "RECORD_INVALID",
      `The record of ${expected.name}@${expected.version} names ${label} instead`,
    );
  }
  if (verifyMinimalSignature(minimal)) return minimal;
  const problem = problemOfCertificate(minimal, minimal.timestamp);
  if (problem !== undefined) {
    throw new FetchingError(
      "verification",
      "RECORD_INVALID",
      `The minimal manifest of ${label} in the DHT is not valid: ${problem}`,
    );
  }
  throw new FetchingError(
    "verification",
    "RECORD_INVALID",
    `The minimal manifest of ${label} in the DHT is not signed by ${
      formatPublicKey(item.publicKey)
    }`,
  );
}

/** Returns the fields of a manifest that say who signed it, from the record and the item's key. */
function signerFieldsOf(
  { publicKey }: MutableItem,
  { certificate }: ReturnType<typeof decodeManifestRecord>,
): SignerFields {
  if (!certificate) return { protocol: PROTOCOL, pubkey: formatPublicKey(publicKey) };
  return {
    protocol: CERTIFIED_PROTOCOL,
    pubkey: formatPublicKey(certificate.root),
    signer: certificateToJson({ ...certificate, key: publicKey }),
  };
}

/** Returns the web seeds that a manifest record names, without those that are no usable URL. */
export function webSeedsOfRecord({ value }: MutableItem): string[] {
  return usableWebSeeds(decodeManifestRecord(value).webSeeds ?? []);
}

/**
 * Returns the magnet link of an archive. The link also names the publisher's record, so that `get` can
 * verify the publisher.
 */
export function magnetOf(minimal: MinimalManifest, webSeeds: readonly string[] = []): string {
  return formatMagnet({
    infoHash: fromHex(minimal.btih)!,
    name: `${minimal.name}@${minimal.version}`,
    publicKey: signingKeyOf(minimal),
    salt: manifestSalt(minimal.name, minimal.version),
    ...(minimal.signer && { identity: parsePublicKey(minimal.pubkey) }),
    webSeeds,
  });
}

/** Parses the field `ext` in a record. Its rules are checked with the signature of the manifest. */
function extIn(json: string): Ext {
  try {
    const ext = JSON.parse(json);
    if (canonicalJson(ext) === json) return ext;
  } catch {
    // Not JSON, or a text that no manifest has.
  }
  throw new FetchingError(
    "verification",
    "RECORD_INVALID",
    "A manifest record in the DHT has an `ext` that is not canonical JSON",
  );
}
