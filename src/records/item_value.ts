/**
 * Encoding, decoding and maximum length of the value of a BEP 44 item. The file of each record type
 * defines the keys of its value.
 *
 * @module
 */

import { bdecode, type BDecoded, bencode, BencodeError, type BValue } from "../bencode/mod.ts";
import { RecordError } from "./errors.ts";

/** Maximum length of the bencoded value of an item, bytes (BEP 44). */
export const MAX_VALUE_BYTES = 1000;

/**
 * Checks the length of an item's value, and returns the value unchanged. Throws {@linkcode
 * RecordError} `VALUE_TOO_LARGE` above 1,000 bytes.
 */
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
 * Decodes the value of an item as strict bencode.
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
 * Encodes the value of an item. Does not check the length of the result.
 *
 * @throws {RecordError} `BAD_FIELD` if bencode cannot express the value
 */
export function encodeValue(value: BValue): Uint8Array<ArrayBuffer> {
  try {
    return bencode(value);
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    throw new RecordError("usage", "BAD_FIELD", cause.message, { cause });
  }
}
