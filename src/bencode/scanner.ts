/**
 * Finds the start and end of bencoded values without decoding them. Keys may be unsorted or
 * repeated, and numbers may have leading zeros, because other programs send such messages. The
 * caller checks which members a message has.
 *
 * The scanner protects npm:bencode, which takes a negative length as a step back and loops for ever
 * on four bytes (`d-3:`). Input that this scanner accepts has no negative length.
 *
 * @module
 */

import {
  COLON,
  DIGIT_0,
  DIGIT_9,
  LETTER_D,
  LETTER_E,
  LETTER_I,
  LETTER_L,
  MINUS,
} from "./tokens.ts";

/** Maximum depth of nesting that the scanner accepts; no real message is nested more deeply. */
const MAX_SCANNED_DEPTH = 32;
/** Maximum number of digits in the length of a byte string that the scanner accepts. */
const MAX_LENGTH_DIGITS = 9;
/**
 * Maximum number of digits in an integer that the scanner accepts. Libtorrent sends 64-bit
 * integers.
 */
const MAX_INTEGER_DIGITS = 20;
/** Maximum length of a dictionary key, bytes. A longer key is reported as the empty string. */
const MAX_KEY_BYTES = 64;

/** Offset that the scanner returns for a malformed value, instead of the value's end. */
export const MALFORMED = -1;

/** The position of one encoded value in the input. */
export interface Span {
  /** First byte of the value, which tells its type; the digit `0` stands for every byte string. */
  kind: number;
  /** Offset of the first byte of the encoded value. */
  start: number;
  /** Offset of the first byte after the encoded value. */
  end: number;
  /** Length of the content of a byte string, bytes; 0 for other types. */
  length: number;
}

/** Scans one input. Never throws, and never reads past the end of the input. */
export class BencodeScanner {
  readonly #bytes: Uint8Array;
  /** Length of the content of the byte string that was scanned last, bytes. */
  #length = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Returns the members of the dictionary at an offset, by key. If a key is repeated, its last
   * value is returned.
   *
   * @returns `undefined` if no well-formed dictionary begins at the offset
   */
  dictionary(start: number): Map<string, Span> | undefined {
    if (this.#bytes[start] !== LETTER_D) return undefined;
    const members = new Map<string, Span>();
    for (let at = start + 1; this.#bytes[at] !== LETTER_E;) {
      const valueStart = this.byteStringEnd(at);
      if (valueStart === MALFORMED) return undefined;
      const key = this.#key(valueStart - this.#length, valueStart);
      const end = this.valueEnd(valueStart, 1);
      if (end === MALFORMED) return undefined;
      const first = this.#bytes[valueStart]!;
      const isByteString = first >= DIGIT_0 && first <= DIGIT_9;
      members.set(key, {
        kind: isByteString ? DIGIT_0 : first,
        start: valueStart,
        end,
        length: isByteString ? this.#length : 0,
      });
      at = end;
    }
    return members;
  }

  /** Whether a well-formed value is a list that contains only integers and byte strings. */
  isFlatList(span: Span): boolean {
    if (span.kind !== LETTER_L) return false;
    for (let at = span.start + 1; at < span.end - 1;) {
      const kind = this.#bytes[at];
      if (kind === LETTER_L || kind === LETTER_D) return false;
      at = this.valueEnd(at, 0);
    }
    return true;
  }

  /**
   * Returns the offset after the value at `start`, or {@linkcode MALFORMED}.
   *
   * @param depth number of lists and dictionaries that enclose the value
   */
  valueEnd(start: number, depth: number): number {
    if (depth > MAX_SCANNED_DEPTH) return MALFORMED;
    switch (this.#bytes[start]) {
      case LETTER_I:
        return this.#integerEnd(start);
      case LETTER_L:
      case LETTER_D:
        return this.#containerEnd(start, depth);
      default:
        return this.byteStringEnd(start);
    }
  }

  /** Returns the offset after the byte string at `start`, or {@linkcode MALFORMED}. */
  byteStringEnd(start: number): number {
    const colon = this.#digitsEnd(start, MAX_LENGTH_DIGITS);
    if (colon === start || this.#bytes[colon] !== COLON) return MALFORMED;
    let length = 0;
    for (let at = start; at < colon; at++) length = length * 10 + this.#bytes[at]! - DIGIT_0;
    const end = colon + 1 + length;
    if (end > this.#bytes.length) return MALFORMED;
    this.#length = length;
    return end;
  }

  #integerEnd(start: number): number {
    const digits = this.#bytes[start + 1] === MINUS ? start + 2 : start + 1;
    const end = this.#digitsEnd(digits, MAX_INTEGER_DIGITS);
    return end === digits || this.#bytes[end] !== LETTER_E ? MALFORMED : end + 1;
  }

  #containerEnd(start: number, depth: number): number {
    const isDictionary = this.#bytes[start] === LETTER_D;
    let at = start + 1;
    while (this.#bytes[at] !== LETTER_E) {
      if (isDictionary) at = this.byteStringEnd(at);
      if (at !== MALFORMED) at = this.valueEnd(at, depth + 1);
      if (at === MALFORMED) return MALFORMED;
    }
    return at + 1;
  }

  /** Returns the offset after the digits at `start`; reads a maximum of `most` digits. */
  #digitsEnd(start: number, most: number): number {
    let at = start;
    while (at - start < most && this.#bytes[at]! >= DIGIT_0 && this.#bytes[at]! <= DIGIT_9) at++;
    return at;
  }

  #key(start: number, end: number): string {
    if (end - start > MAX_KEY_BYTES) return "";
    let key = "";
    for (let at = start; at < end; at++) key += String.fromCharCode(this.#bytes[at]!);
    return key;
  }
}
