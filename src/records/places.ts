/**
 * Where each record lies: its salt and, for the name index, its key pair. Together with a public key,
 * the salt gives the target (`item.ts`).
 *
 * @module
 */

import { createHash } from "node:crypto";
import { toBase64 } from "../base/mod.ts";
import { type KeyPair, keyPairFromSeed } from "../identity/mod.ts";
import { RecordError } from "./errors.ts";

const DAY_MS = 86_400_000;

/** Into how many records the index of one name is divided. */
export const NAME_INDEX_SLOTS = 4;

/** Salt of the manifest record: SHA-256(`libreseed:manifest:NAME@VERSION`), 32 bytes. */
export function manifestSalt(name: string, version: string): Uint8Array {
  return sha256(`libreseed:manifest:${name}@${version}`);
}

/**
 * Salt of the announce record: SHA-256(`libreseed:announce:` + base64(public key)), 32 bytes.
 *
 * @param publicKey the publisher's, 32 bytes
 */
export function announceSalt(publicKey: Uint8Array): Uint8Array {
  return sha256(`libreseed:announce:${toBase64(publicKey)}`);
}

/**
 * Salt of a name index record: SHA-256(`libreseed:name-index:NAME`) with its last byte replaced by the
 * slot, 32 bytes.
 *
 * @param slot 0 to 3
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
 * The key pair that signs a name's index on one day. Anybody can make it: it is Ed25519 from the seed
 * SHA-256(`libreseed:name-index:NAME:DAY`), DAY in decimal.
 *
 * @param day what {@linkcode dayOf} returns
 */
export function nameIndexKeyPair(name: string, day: number): KeyPair {
  return keyPairFromSeed(sha256(`libreseed:name-index:${name}:${day}`));
}

/** The slot, 0 to 3, of a name's index that a publisher's entry belongs into. */
export function nameIndexSlot(publicKey: Uint8Array): number {
  return publicKey[0]! & (NAME_INDEX_SLOTS - 1);
}

/** Number of the UTC day since 1970-01-01. */
export function dayOf(unixMs: number): number {
  return Math.floor(unixMs / DAY_MS);
}

function sha256(input: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(input).digest());
}
