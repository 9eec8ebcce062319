/**
 * The strict bencode decoder (BEP 3). It accepts a value only in its one canonical encoding.
 * Signatures and hashes cover encoded bytes. A decoder that accepted leading zeros or unsorted keys
 * would let two parties disagree about the bytes that were signed.
 *
 * @module
 */

import { compareBytes, tryFromUtf8 } from "../base/mod.ts";
import { BencodeError } from "./errors.ts";
import {
  COLON,
  DIGIT_0,
  DIGIT_9,
  LETTER_D,
  LETTER_E,
  LETTER_I,
  LETTER_L,
  MAX_DEPTH,
  MINUS,
} from "./tokens.ts";

/** Default maximum length of the input of {@linkcode bdecode}, bytes. */
const DEFAULT_MAX_BYTES = 65_536;
/** Maximum number of digits in the length of a byte string that the strict decoder accepts. */
const MAX_LENGTH_DIGITS = 9;

/** A decoded value: byte strings are `Uint8Array`s, dictionaries are `Map`s. */
export type BDecoded = Uint8Array | number | BDecoded[] | Map<string, BDecoded>;

/** Limits on the input of {@linkcode bdecode}, the strict decoder. */
export interface BdecodeOptions {
  /** Maximum length of the input, bytes. A longer input is refused unread. Default 65,536. */
  maxBytes?: number;
}

/**
 * Decodes exactly one value, which must fill all of `bytes`. Byte strings are copied.
 *
 * Malformed bencode is refused, and so are leading zeros, minus zero, integers beyond 2^53 - 1,
 * dictionary keys that are unsorted, repeated or not UTF-8, more than 16 levels of nesting, and
 * trailing bytes.
 *
 * @throws {BencodeError} `BAD_BENCODE`, with the offset in the message and in `detail.offset`
 */
export function bdecode(bytes: Uint8Array, options: BdecodeOptions = {}): BDecoded {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (bytes.length > maxBytes) {
    throw badBencode(`${bytes.length} bytes, more than the ${maxBytes} that are allowed`, 0);
  }
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw badBencode("bytes after the end of the value", reader.at);
  return value;
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  value(depth: number): BDecoded {
    if (depth > MAX_DEPTH) throw badBencode(`nested more than ${MAX_DEPTH} deep`, this.at);
    switch (this.#bytes[this.at]) {
      case LETTER_I:
        return this.#integer();
      case LETTER_L:
        return this.#list(depth);
      case LETTER_D:
        return this.#dictionary(depth);
      default:
        return this.#byteString();
    }
  }

  #integer(): number {
    const start = this.at++;
    const negative = this.#bytes[this.at] === MINUS;
    if (negative) this.at++;
    // A safe integer (up to 2^53 - 1) has 16 digits or fewer.
    const digits = this.#digits(16);
    const value = negative ? -digits : digits;
    if (Object.is(value, -0)) throw badBencode("minus zero", start);
    if (!Number.isSafeInteger(value)) throw badBencode("an integer beyond 2^53 - 1", start);
    this.#expect(LETTER_E, "the e that ends an integer");
    return value;
  }

  #list(depth: number): BDecoded[] {
    this.at++;
    const list: BDecoded[] = [];
    while (this.#bytes[this.at] !== LETTER_E) list.push(this.value(depth + 1));
    this.at++;
    return list;
  }

  #dictionary(depth: number): Map<string, BDecoded> {
    this.at++;
    const map = new Map<string, BDecoded>();
    let previous: Uint8Array | undefined;
    while (this.#bytes[this.at] !== LETTER_E) {
      const start = this.at;
      const key = this.#byteString();
      if (previous && compareBytes(previous, key) >= 0) {
        throw badBencode("a dictionary key that is repeated or not in order", start);
      }
      const text = tryFromUtf8(key);
      if (text === undefined) throw badBencode("a dictionary key that is not UTF-8", start);
      map.set(text, this.value(depth + 1));
      previous = key;
    }
    this.at++;
    return map;
  }

  #byteString(): Uint8Array {
    const start = this.at;
    const length = this.#digits(MAX_LENGTH_DIGITS);
    this.#expect(COLON, "the colon after a length");
    const end = this.at + length;
    if (end > this.#bytes.length) throw badBencode("a byte string that ends too early", start);
    const bytes = this.#bytes.slice(this.at, end);
    this.at = end;
    return bytes;
  }

  #digits(maxDigits: number): number {
    const start = this.at;
    let value = 0;
    for (; this.at - start <= maxDigits; this.at++) {
      const byte = this.#bytes[this.at];
      if (byte === undefined || byte < DIGIT_0 || byte > DIGIT_9) break;
      value = value * 10 + (byte - DIGIT_0);
    }
    const count = this.at - start;
    if (count === 0) {
      const what = start < this.#bytes.length ? "no bencode" : "an end before the value's end";
      throw badBencode(what, start);
    }
    if (count > maxDigits) throw badBencode("a number of too many digits", start);
    if (count > 1 && this.#bytes[start] === DIGIT_0) throw badBencode("a leading zero", start);
    return value;
  }

  #expect(byte: number, what: string): void {
    if (this.#bytes[this.at] !== byte) throw badBencode(`no sign of ${what}`, this.at);
    this.at++;
  }
}

function badBencode(what: string, offset: number): BencodeError {
  return new BencodeError("verification", "BAD_BENCODE", `bad bencode at byte ${offset}: ${what}`, {
    detail: { offset },
  });
}
