/**
 * The serialised form of a signed item. `state.db` and the announcement schedule store this form,
 * and the control socket carries this form as base64. The parsed form is {@linkcode MutableItem}.
 * DHT packets use a third form, defined by BEP 44 and encoded by the `dht` room.
 *
 * @module
 */

import { concatBytes } from "../base/mod.ts";
import { RecordError } from "./errors.ts";
import { MAX_SALT_BYTES, type MutableItem, targetOf } from "./item.ts";
import { MAX_VALUE_BYTES } from "./item_value.ts";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Offset of the sequence number (8 bytes) in a serialised item. */
const SEQ_AT = KEY_BYTES + SIGNATURE_BYTES;
/** Offset of the length of the salt (1 byte) in a serialised item. */
const SALT_LENGTH_AT = SEQ_AT + 8;
/**
 * Total length in bytes of the fields before the salt: public key, signature, sequence number,
 * length of the salt.
 */
const HEADER_BYTES = SALT_LENGTH_AT + 1;

/** Maximum length of a serialised item, bytes. */
export const MAX_ITEM_BYTES: number = HEADER_BYTES + MAX_SALT_BYTES + MAX_VALUE_BYTES;

/**
 * Serialises an item: public key (32 bytes), signature (64), `seq` (8, big-endian), length of the
 * salt (1), salt, value. SQL queries on `state.db` rely on these offsets.
 *
 * @throws {RangeError} if `seq` is not an integer
 */
export function encodeItem(
  { publicKey, salt, seq, value, signature }: MutableItem,
): Uint8Array<ArrayBuffer> {
  const saltLength = Uint8Array.of(salt.length);
  return concatBytes(publicKey, signature, encodeSeq(seq), saltLength, salt, value);
}

/**
 * Parses a serialised item. Does not verify the signature; {@linkcode verifyItem} does.
 *
 * @throws {RecordError} `BAD_RECORD` if the bytes are too short, a length exceeds the limit of BEP
 * 44, or `seq` exceeds 2^53−1
 */
export function decodeItem(bytes: Uint8Array): MutableItem {
  const saltLength = bytes[SALT_LENGTH_AT] ?? 0;
  const valueAt = HEADER_BYTES + saltLength;
  const isWhole = bytes.length > valueAt && saltLength <= MAX_SALT_BYTES;
  if (!isWhole || bytes.length - valueAt > MAX_VALUE_BYTES) throw notAnItem(bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seq = view.getUint32(SEQ_AT) * 2 ** 32 + view.getUint32(SEQ_AT + 4);
  if (!Number.isSafeInteger(seq)) throw notAnItem(bytes.length);
  return {
    publicKey: bytes.slice(0, KEY_BYTES),
    signature: bytes.slice(KEY_BYTES, SEQ_AT),
    seq,
    salt: bytes.slice(HEADER_BYTES, valueAt),
    value: bytes.slice(valueAt),
  };
}

/** Returns the DHT target of a serialised item, 20 bytes, without parsing the whole item. */
export function targetOfBytes(bytes: Uint8Array): Uint8Array {
  const saltLength = bytes[SALT_LENGTH_AT] ?? 0;
  const salt = bytes.subarray(HEADER_BYTES, HEADER_BYTES + saltLength);
  return targetOf(bytes.subarray(0, KEY_BYTES), salt);
}

/**
 * Encodes a sequence number as in a serialised item: 8 bytes, big-endian. Byte order therefore
 * equals numeric order.
 */
export function encodeSeq(seq: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seq));
  return bytes;
}

function notAnItem(length: number): RecordError {
  return new RecordError(
    "verification",
    "BAD_RECORD",
    `${length} bytes are not a signed item: a length or the sequence number is out of range`,
  );
}
