/**
 * The signed records in the DHT (BEP 44), for programs: items as bytes, and what they say once they are
 * checked.
 *
 * A `read…` function checks the signature, the salt and the content, and throws if any is wrong. It does
 * not say whether a newer record exists, nor whether the key is revoked.
 *
 * @module
 */

import { equalBytes, toHex } from "../base/mod.ts";
import { manifestRecord, minimalOf, webSeedsOfRecord } from "../fetching/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  announceSalt,
  decodeAnnounceRecord,
  decodeItem as decode,
  decodeNameIndex,
  decodePublisherRecord,
  encodeItem as encode,
  manifestSalt,
  publisherSalt,
  targetOf,
  verifyItem as verify,
  verifyNameIndexEntry,
} from "../records/mod.ts";
import { LibraryError } from "./errors.ts";
import type { Manifest } from "./manifests.ts";
import { signerOfKey, type SigningKey } from "./signing_key.ts";

/** A signed mutable item of the DHT (BEP 44). */
export interface SignedItem {
  /** Ed25519 public key that verifies the signature, 32 bytes. */
  publicKey: Uint8Array;
  /** Salt, 0 to 64 bytes. */
  salt: Uint8Array;
  /** Sequence number, an integer from 0 to 2^53−1. */
  seq: number;
  /** The bencoded value, at most 1,000 bytes. */
  value: Uint8Array;
  /** Ed25519 signature, 64 bytes. */
  signature: Uint8Array;
}

/**
 * Reads an item in the form in which a home stores it and the API shows it: public key (32 bytes),
 * signature (64), sequence number (8, big-endian), length of the salt (1), salt, value. Does not check
 * the signature.
 *
 * @throws {LibreseedError} `BAD_RECORD`, kind `verification`
 */
export function decodeItem(bytes: Uint8Array): SignedItem {
  return decode(bytes);
}

/**
 * Writes an item in the form that {@linkcode decodeItem} reads.
 *
 * @throws {RangeError} if the sequence number is not an integer
 */
export function encodeItem(item: SignedItem): Uint8Array {
  return encode(item);
}

/** Whether an item keeps the limits of BEP 44 and has a valid signature. Never throws. */
export function verifyItem(item: SignedItem): boolean {
  return verify(item);
}

/** Returns the DHT target under which an item lies: SHA-1 of public key and salt, 20 bytes. */
export function targetOfItem(
  { publicKey, salt }: Pick<SignedItem, "publicKey" | "salt">,
): Uint8Array {
  return targetOf(publicKey, salt);
}

/** The record of one version of a package. */
export interface ManifestRecord {
  /** The signed minimal manifest, whose signature was checked. */
  manifest: Manifest;
  /** URLs of web seeds of the archive; those of no usable form are left out. */
  webSeeds: string[];
}

/**
 * Reads and checks the record of one version of a package.
 *
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { decodeItem, readManifestRecord } from "libreseed";
 *
 * const { manifest } = readManifestRecord(decodeItem(await readFile("tool-1.0.0.item")));
 * console.log(manifest.name, manifest.version, manifest.archiveSha256);
 * ```
 *
 * @throws {LibreseedError} kind `verification`: `SIGNATURE_INVALID`, `RECORD_INVALID`, `BAD_RECORD`,
 * `BAD_BENCODE`
 */
export function readManifestRecord(item: SignedItem): ManifestRecord {
  check(item);
  const manifest = minimalOf(item);
  checkSalt(item, manifestSalt(manifest.name, manifest.version), "a manifest record");
  return { manifest, webSeeds: webSeedsOfRecord(item) };
}

/**
 * Makes the record of one version of a package.
 *
 * @param key the key that signed the manifest
 * @param options.seq sequence number, such as the time in Unix milliseconds; a record with a larger one
 * replaces it
 * @param options.webSeeds URLs of web seeds of the archive, at most 4 of 512 bytes together
 * @throws {LibreseedError} `VALUE_TOO_LARGE` or `BAD_FIELD`, kind `usage`; `SIGNATURE_INVALID` if another
 * key signed the manifest
 */
export async function makeManifestRecord(
  manifest: Manifest,
  key: SigningKey,
  options: { seq: number; webSeeds?: readonly string[] },
): Promise<SignedItem> {
  const signedBy = manifest.signer?.key ?? manifest.pubkey;
  if (signedBy !== key.publicKey) {
    throw unsigned(`The manifest of ${manifest.name} is not`, key.publicKey);
  }
  const { seq, webSeeds = [] } = options;
  return await manifestRecord(manifest, signerOfKey(key), seq, webSeeds);
}

/** A publisher's list of packages, as its announce record has it. */
export interface AnnounceRecord {
  /** Number of archives that the publisher offers. */
  count: number;
  /** Time at which the record was written, Unix milliseconds. */
  timestampMs: number;
  /** Versions by package name; absent if the list is in a catalog. */
  packages?: Map<string, string[]>;
  /** Infohash of the catalog's torrent, 40 hexadecimal digits; absent if there is none. */
  catalogInfoHashHex?: string;
}

/**
 * Reads and checks a publisher's announce record.
 *
 * @throws {LibreseedError} kind `verification`: `SIGNATURE_INVALID`, `RECORD_INVALID`, `BAD_RECORD`,
 * `BAD_BENCODE`
 */
export function readAnnounceRecord(item: SignedItem): AnnounceRecord {
  check(item);
  checkSalt(item, announceSalt(item.publicKey), "an announce record");
  const { count, timestampMs, packages, catalogInfoHash } = decodeAnnounceRecord(item.value);
  return {
    count,
    timestampMs,
    ...(packages && { packages }),
    ...(catalogInfoHash && { catalogInfoHashHex: toHex(catalogInfoHash) }),
  };
}

/** The keys of a publisher, as the record of its root key lists them. */
export interface PublisherRecord {
  /** The identity: `ed25519:` and 44 characters of base64. */
  publisher: string;
  /** Time of signing, Unix milliseconds. */
  timestampMs: number;
  /** The keys that sign now, in the same form as the identity. */
  signingKeys: string[];
  /** The revoked keys, with the time since which each is in wrong hands, Unix milliseconds. */
  revokedKeys: { key: string; sinceMs: number; reason?: string }[];
}

/**
 * Reads and checks the record of a publisher's keys, which its root key signs.
 *
 * @throws {LibreseedError} kind `verification`: `SIGNATURE_INVALID`, `RECORD_INVALID`, `BAD_RECORD`,
 * `BAD_BENCODE`
 */
export function readPublisherRecord(item: SignedItem): PublisherRecord {
  check(item);
  checkSalt(item, publisherSalt(), "a publisher record");
  const { timestampMs, signingKeys, revokedKeys } = decodePublisherRecord(item.value);
  return {
    publisher: formatPublicKey(item.publicKey),
    timestampMs,
    signingKeys: signingKeys.map(({ key }) => formatPublicKey(key)),
    revokedKeys: revokedKeys.map(({ key, ...rest }) => ({ key: formatPublicKey(key), ...rest })),
  };
}

/** A publisher of a name, as the name index lists it. */
export interface NameIndexEntry {
  /** The identity: `ed25519:` and 44 characters of base64. */
  publisher: string;
  /** The latest version of the package that the publisher offers. */
  version: string;
  /** Time since which the publisher claims to publish under the name, Unix milliseconds. Unproven. */
  firstSeenMs: number;
  /** Time at which the entry was signed, Unix milliseconds. */
  timestampMs: number;
}

/**
 * Reads an index of a name, which anybody can write, and returns the entries that their publishers have
 * signed for the name. Others are left out.
 *
 * @param name the package name
 * @throws {LibreseedError} kind `verification`: `SIGNATURE_INVALID`, `BAD_RECORD`, `BAD_BENCODE`
 */
export function readNameIndex(name: string, item: SignedItem): NameIndexEntry[] {
  check(item);
  return decodeNameIndex(item.value).entries
    .filter((entry) => verifyNameIndexEntry(name, entry))
    .map(({ publicKey, version, firstSeenMs, timestampMs }) => ({
      publisher: formatPublicKey(publicKey),
      ...{ version, firstSeenMs, timestampMs },
    }));
}

function check(item: SignedItem): void {
  if (verify(item)) return;
  const { length } = item.publicKey;
  throw unsigned("The item is not", length === 32 ? formatPublicKey(item.publicKey) : "its key");
}

function checkSalt(item: SignedItem, salt: Uint8Array, what: string): void {
  if (equalBytes(item.salt, salt)) return;
  throw new LibraryError(
    "verification",
    "RECORD_INVALID",
    `The item is not ${what}: its salt is ${toHex(item.salt)}, not ${toHex(salt)}.`,
  );
}

function unsigned(what: string, key: string): LibraryError {
  return new LibraryError("verification", "SIGNATURE_INVALID", `${what} signed by ${key}.`, {
    detail: { key },
  });
}
