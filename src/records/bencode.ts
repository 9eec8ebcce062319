/**
 * Bencode (BEP 3), strict: one value has one encoding, and nothing else is read. Signatures and
 * targets are over encoded bytes, so a reader that forgives a leading zero or an unsorted key would
 * let two parties disagree about what was signed. (npm:bencode, which the DHT node uses for packets,
 * does forgive them, and reads past the end of what it is given.)
 *
 * @module
 */

import { concatBytes, utf8 } from "../base/mod.ts";
import { RecordError } from "./errors.ts";

/** How deep lists and dictionaries may lie in each other. */
const MAX_DEPTH = 16;
/** Default bound of {@linkcode bdecode}. */
const DEFAULT_MAX_BYTES = 65_536;
/** Digits of a byte string's length; with the size bound, more cannot be meant. */
const MAX_LENGTH_DIGITS = 9;

/** What {@linkcode bencode} takes. Text is written as UTF-8, numbers must be safe integers. */
export type BValue =
  | Uint8Array
  | string
  | number
  | readonly BValue[]
  | ReadonlyMap<string, BValue>
  | { readonly [key: string]: BValue };

/** What {@linkcode bdecode} returns: byte strings stay bytes, dictionaries become maps. */
export type BDecoded = Uint8Array | number | BDecoded[] | Map<string, BDecoded>;

// A byte order mark is kept: dropping it would make two different strings equal.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 as text, `undefined` if the bytes are not UTF-8. `utf8()` of the text gives them back. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Encodes a value. Dictionary keys are sorted by their UTF-8 bytes, whatever their order was.
 *
 * @throws {RecordError} `BAD_FIELD` for a number that is not a safe integer, text that is not valid
 * Unicode, or anything that bencode has no form for
 */
export function bencode(value: BValue): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  write(value, parts, 0);
  return concatBytes(...parts);
}

function write(value: BValue, parts: Uint8Array[], depth: number): void {
  if (depth > MAX_DEPTH) throw badField(`nested more than ${MAX_DEPTH} deep`);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw badField(`${value} is not a safe integer`);
    // The template also turns -0 into 0.
    parts.push(utf8(`i${value}e`));
  } else if (typeof value === "string") {
    writeBytes(textBytes(value), parts);
  } else if (value instanceof Uint8Array) {
    writeBytes(value, parts);
  } else if (Array.isArray(value)) {
    parts.push(utf8("l"));
    for (const member of value) write(member, parts, depth + 1);
    parts.push(utf8("e"));
  } else if (typeof value === "object" && value !== null) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    const sorted = entries.map(([key, member]) => ({ key: textBytes(key), member }))
      .sort((a, b) => compareBytes(a.key, b.key));
    parts.push(utf8("d"));
    for (const { key, member } of sorted) {
      writeBytes(key, parts);
      write(member, parts, depth + 1);
    }
    parts.push(utf8("e"));
  } else {
    throw badField(`bencode has no form for ${value === null ? "null" : typeof value}`);
  }
}

function writeBytes(bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(utf8(`${bytes.length}:`), bytes);
}

function textBytes(text: string): Uint8Array {
  if (!text.isWellFormed()) throw badField("text with half a surrogate pair");
  return utf8(text);
}

function badField(what: string): RecordError {
  return new RecordError("usage", "BAD_FIELD", `cannot be bencoded: ${what}`);
}

/** The order of raw bytes: negative, zero or positive, as a sort wants it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** Bounds of {@linkcode bdecode}. */
export interface BdecodeOptions {
  /** Refuse more bytes than this before reading any. Default 65,536. */
  maxBytes?: number;
}

/**
 * Decodes exactly one value that fills all of `bytes`. Byte strings are copied out.
 *
 * Refused, beside what is no bencode at all: leading zeros, minus zero, integers beyond 2^53 - 1,
 * dictionary keys that are unsorted, repeated or not UTF-8, more than 16 levels, trailing bytes.
 *
 * @throws {RecordError} `BAD_BENCODE`, with the offset in the message and in `detail.offset`
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

const [DIGIT_0, DIGIT_9, COLON, MINUS] = [0x30, 0x39, 0x3a, 0x2d];
const [LETTER_D, LETTER_E, LETTER_I, LETTER_L] = [0x64, 0x65, 0x69, 0x6c];

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
    // 16 digits hold every safe integer.
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
      const text = textOf(key);
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

function badBencode(what: string, offset: number): RecordError {
  return new RecordError("verification", "BAD_BENCODE", `bad bencode at byte ${offset}: ${what}`, {
    detail: { offset },
  });
}
