/**
 * Conversion between a minimal manifest, which names an archive, and its DHT record and magnet link.
 *
 * @module
 */

import { fromBase64, fromHex, toBase64, toHex } from "../base/mod.ts";
import { formatPublicKey, parsePublicKey, type Signer } from "../identity/mod.ts";
import {
  formatSha256,
  type MinimalManifest,
  parseSha256,
  PROTOCOL,
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

/** Signs the DHT record of a minimal manifest. The signer has to be its publisher. */
export function manifestRecord(minimal: MinimalManifest, signer: Signer, seq: number): MutableItem {
  const value = encodeManifestRecord({
    infoHash: fromHex(minimal.btih)!,
    archiveSha256: parseSha256(minimal.archiveSha256)!,
    lengthBytes: minimal.length,
    name: minimal.name,
    version: minimal.version,
    timestampMs: minimal.timestamp,
    signature: fromBase64(minimal.signature.slice(SIGNATURE_PREFIX.length))!,
  });
  return signItem(signer, { salt: manifestSalt(minimal.name, minimal.version), seq, value });
}

/**
 * Reads and verifies the minimal manifest in a record. The item's own signature is verified before, by
 * the lookup.
 *
 * @param expected package that the record has to name; any package, if absent
 * @throws {FetchingError} `RECORD_INVALID` (kind `verification`) if the manifest's signature is wrong or
 * the record names another package
 * @throws {RecordError} if the value is no manifest record
 */
export function minimalOf(
  item: MutableItem,
  expected?: { name: string; version: string },
): MinimalManifest {
  const record = decodeManifestRecord(item.value);
  const minimal: MinimalManifest = {
    protocol: PROTOCOL,
    name: record.name,
    version: record.version,
    archiveSha256: formatSha256(record.archiveSha256),
    btih: toHex(record.infoHash),
    length: record.lengthBytes,
    pubkey: formatPublicKey(item.publicKey),
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
  throw new FetchingError(
    "verification",
    "RECORD_INVALID",
    `The minimal manifest of ${label} in the DHT is not signed by ${minimal.pubkey}`,
  );
}

/** The magnet link of an archive, with its publisher's record so that `get` can verify both. */
export function magnetOf(minimal: MinimalManifest): string {
  return formatMagnet({
    infoHash: fromHex(minimal.btih)!,
    name: `${minimal.name}@${minimal.version}`,
    publicKey: parsePublicKey(minimal.pubkey),
    salt: manifestSalt(minimal.name, minimal.version),
  });
}
