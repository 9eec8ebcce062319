/**
 * BEP 44 items: what is signed, where an item is found, how large it may be. What the values mean is
 * the records' business, how items travel the DHT's.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes, utf8 } from "../base/mod.ts";
import { type Signer, verifySignature } from "../identity/mod.ts";
import { RecordError } from "./errors.ts";
import { checkValueSize, decodeBencode, MAX_VALUE_BYTES } from "./item_value.ts";

/** Most bytes that a salt may have (BEP 44). */
export const MAX_SALT_BYTES = 64;

/** A signed BEP 44 mutable item. */
export interface MutableItem {
  /** Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** 0 to 64 bytes; empty means none. */
  salt: Uint8Array;
  /** Sequence number, a safe integer of at least 0. The larger one wins. */
  seq: number;
  /** The bencoded value, at most 1,000 bytes. */
  value: Uint8Array;
  /** Ed25519 signature of {@linkcode signableBytes}, 64 bytes. */
  signature: Uint8Array;
}

/** Where a mutable item is found: SHA-1(public key ‖ salt), 20 bytes (BEP 44). */
export function targetOf(publicKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(publicKey).update(salt).digest());
}

/** Where an immutable item is found: SHA-1 of its bencoded value, 20 bytes (BEP 44). */
export function immutableTarget(value: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(value).digest());
}

/**
 * The bytes that a mutable item's signature is over (BEP 44): the bencoded pairs `salt`, `seq` and
 * `v` one after the other, without a dictionary around them. There is no `salt` pair if it is empty.
 *
 * @param item `value` is the bencoded value
 */
export function signableBytes(item: Pick<MutableItem, "salt" | "seq" | "value">): Uint8Array {
  const { salt, seq, value } = item;
  const saltPair = salt.length > 0 ? [utf8(`4:salt${salt.length}:`), salt] : [];
  return concatBytes(...saltPair, utf8(`3:seqi${seq}e1:v`), value);
}

/**
 * Signs an item.
 *
 * @param item `value` is the bencoded value
 * @throws {RecordError} `VALUE_TOO_LARGE` above 1,000 bytes; `BAD_FIELD` for a salt above 64 bytes or
 * a `seq` that is not a safe integer of at least 0; `BAD_BENCODE` if the value is not bencode
 */
export function signItem(
  signer: Signer,
  item: Pick<MutableItem, "salt" | "seq" | "value">,
): MutableItem {
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
  const signature = signer.sign(signableBytes(item));
  return { publicKey: signer.publicKey, salt, seq, value, signature };
}

/**
 * Whether the item keeps BEP 44's limits and its signature is good. Never throws. That the value is
 * a record, or bencode at all, is for the decoders to find out.
 */
export function verifyItem(item: MutableItem): boolean {
  return item.value.length <= MAX_VALUE_BYTES && item.salt.length <= MAX_SALT_BYTES &&
    isSeq(item.seq) && verifySignature(item.publicKey, signableBytes(item), item.signature);
}

function isSeq(seq: number): boolean {
  return Number.isSafeInteger(seq) && seq >= 0;
}

/**
 * The sequence number for the next put: the time, or one more than the stored one if that is larger.
 *
 * @param nowMs Unix time in milliseconds
 * @param storedSeq the largest one known for this target
 * @throws {RecordError} `SEQ_EXHAUSTED` if the stored one is the largest that there is
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
