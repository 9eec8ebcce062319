/**
 * Items of BEP 44: their targets, signatures, sequence numbers and maximum lengths. The files of
 * the single records define the content of an item's value. The `dht` room transfers items.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { recordBytes, type Signer, verifySignature } from "../identity/mod.ts";
import { RecordError } from "./errors.ts";
import { checkValueSize, decodeBencode, MAX_VALUE_BYTES } from "./item_value.ts";

/** Maximum length of a salt, bytes (BEP 44). */
export const MAX_SALT_BYTES = 64;

/** A signed BEP 44 mutable item. */
export interface MutableItem {
  /** Ed25519 public key that verifies the item's signature, 32 bytes. */
  publicKey: Uint8Array;
  /** Salt, 0 to 64 bytes; empty for an item without salt. */
  salt: Uint8Array;
  /** Sequence number, a safe integer of at least 0. An item with a larger `seq` replaces this item. */
  seq: number;
  /** The bencoded value of the item, a maximum of 1,000 bytes. */
  value: Uint8Array;
  /** Ed25519 signature of {@linkcode recordBytes}, 64 bytes. */
  signature: Uint8Array;
}

/** Returns the DHT target of a mutable item: SHA-1(public key ‖ salt), 20 bytes (BEP 44). */
export function targetOf(publicKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(publicKey).update(salt).digest());
}

/** Returns the DHT target of an immutable item: SHA-1 of its bencoded value, 20 bytes (BEP 44). */
export function immutableTarget(value: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(value).digest());
}

/**
 * Signs an item.
 *
 * @param item `value` is the bencoded value
 * @throws {RecordError} `VALUE_TOO_LARGE` above 1,000 bytes; `BAD_FIELD` for a salt above 64 bytes or
 * a `seq` that is not a safe integer of at least 0; `BAD_BENCODE` if the value is not bencode
 */
export async function signItem(
  signer: Signer,
  item: Pick<MutableItem, "salt" | "seq" | "value">,
): Promise<MutableItem> {
  const { salt, seq, value } = item;
  if (salt.length > MAX_SALT_BYTES) {
    throw new RecordError(
      "usage",
      "BAD_FIELD",
      `a salt has at most ${MAX_SALT_BYTES} bytes, this one has ${salt.length}`,
    );
  }
  if (!isSeq(seq)) {
    throw new RecordError("usage", "BAD_FIELD", `${seq} is not a sequence number`);
  }
  checkValueSize(value);
  decodeBencode(value);
  const signature = await signer.sign({ kind: "record", salt, seq, value });
  return { publicKey: signer.publicKey, salt, seq, value, signature };
}

/**
 * Whether an item respects the limits of BEP 44 and has a valid signature. Never throws. The value
 * is not decoded, so it may be no record, or no bencode.
 */
export function verifyItem(item: MutableItem): boolean {
  return item.value.length <= MAX_VALUE_BYTES && item.salt.length <= MAX_SALT_BYTES &&
    isSeq(item.seq) && verifySignature(item.publicKey, recordBytes(item), item.signature);
}

function isSeq(seq: number): boolean {
  return Number.isSafeInteger(seq) && seq >= 0;
}

/**
 * Returns the sequence number for the next put: the current time, or the stored sequence number
 * plus one if that is larger.
 *
 * @param nowMs Unix time in milliseconds
 * @param storedSeq the largest sequence number known for the item's target
 * @throws {RecordError} `SEQ_EXHAUSTED` if `storedSeq` is the largest possible sequence number
 */
export function nextSeq(nowMs: number, storedSeq?: number): number {
  const seq = Math.max(Math.floor(nowMs), storedSeq === undefined ? 0 : storedSeq + 1);
  if (isSeq(seq)) return seq;
  throw new RecordError(
    "failed",
    "SEQ_EXHAUSTED",
    `no sequence number comes after ${storedSeq ?? nowMs}: the record cannot be replaced any more`,
  );
}
