/**
 * Addresses of the records in the DHT: the salt of each record and, for the name index, its key
 * pair. Public key and salt together give the target (`item.ts`).
 *
 * @module
 */

import { createHash } from "node:crypto";
import { toBase64 } from "../base/mod.ts";
import { type KeyPair, keyPairFromSeed } from "../identity/mod.ts";
import { RecordError } from "./errors.ts";

const DAY_MS = 86_400_000;

/** Number of slots of a name index. Each slot is a record of its own. */
export const NAME_INDEX_SLOTS = 4;

/** Salt of the manifest record: SHA-256(`libreseed:manifest:NAME@VERSION`), 32 bytes. */
export function manifestSalt(name: string, version: string): Uint8Array {
  return sha256(`libreseed:manifest:${name}@${version}`);
}

/**
 * Salt of the announce record: SHA-256(`libreseed:announce:` + base64(public key)), 32 bytes.
 *
 * @param publicKey public key of the publisher, 32 bytes
 */
export function announceSalt(publicKey: Uint8Array): Uint8Array {
  return sha256(`libreseed:announce:${toBase64(publicKey)}`);
}

/** Salt of the publisher record, which lies under a root key: SHA-256(`libreseed:publisher`), 32 bytes. */
export function publisherSalt(): Uint8Array {
  return sha256("libreseed:publisher");
}

/**
 * Salt of a name index record, 32 bytes: SHA-256(`libreseed:name-index:NAME`), with the number of
 * the slot as its last byte.
 *
 * @param slot number of the slot, 0 to 3
 * @throws {RecordError} `BAD_FIELD` for any other slot
 */
export function nameIndexSalt(name: string, slot: number): Uint8Array {
  if (!Number.isInteger(slot) || slot < 0 || slot >= NAME_INDEX_SLOTS) {
    throw new RecordError("usage", "BAD_FIELD", `${slot} is not a slot of the name index`);
  }
  const salt = sha256(`libreseed:name-index:${name}`);
  salt[salt.length - 1] = slot;
  return salt;
}

/**
 * Returns the key pair that signs the name index of a package name on one day. The pair is no
 * secret: its Ed25519 seed is SHA-256(`libreseed:name-index:NAME:DAY`), with DAY in decimal.
 *
 * @param day UTC day as returned by {@linkcode dayOf}
 */
export function nameIndexKeyPair(name: string, day: number): KeyPair {
  return keyPairFromSeed(sha256(`libreseed:name-index:${name}:${day}`));
}

/** Returns the slot of a name index, 0 to 3, in which a publisher's entry is stored. */
export function nameIndexSlot(publicKey: Uint8Array): number {
  return publicKey[0]! & (NAME_INDEX_SLOTS - 1);
}

/** Returns the number of UTC days since 1970-01-01. */
export function dayOf(unixMs: number): number {
  return Math.floor(unixMs / DAY_MS);
}

function sha256(input: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(input).digest());
}
