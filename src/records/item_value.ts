/**
 * The value of a BEP 44 item as bytes: its encoding, and the most bytes that it may have. The keys of
 * each record's value are in the file of that record.
 *
 * @module
 */

import { bdecode, type BDecoded, bencode, BencodeError, type BValue } from "../bencode/mod.ts";
import { RecordError } from "./errors.ts";

/** Longest value of an item, bencoded, in bytes (BEP 44). */
export const MAX_VALUE_BYTES = 1000;

/** Returns the value. Throws {@linkcode RecordError} `VALUE_TOO_LARGE` above 1,000 bytes. */
export function checkValueSize<T extends Uint8Array>(value: T): T {
  if (value.length <= MAX_VALUE_BYTES) return value;
  throw new RecordError(
    "usage",
    "VALUE_TOO_LARGE",
    `a DHT item's value has at most ${MAX_VALUE_BYTES} bytes, this one has ${value.length}`,
    { detail: { bytes: value.length } },
  );
}

/**
 * Decodes a value strictly.
 *
 * @throws {RecordError} `BAD_BENCODE`, also above 1,000 bytes
 */
export function decodeBencode(value: Uint8Array): BDecoded {
  try {
    return bdecode(value, { maxBytes: MAX_VALUE_BYTES });
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    const { message, detail } = cause;
    throw new RecordError("verification", "BAD_BENCODE", message, { cause, detail });
  }
}

/**
 * Encodes a value; its length is not checked.
 *
 * @throws {RecordError} `BAD_FIELD` if bencode has no form for the value
 */
export function encodeValue(value: BValue): Uint8Array<ArrayBuffer> {
  try {
    return bencode(value);
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    throw new RecordError("usage", "BAD_FIELD", cause.message, { cause });
  }
}
