/**
 * Finds where bencoded values begin and end, without building them. Keys may be unsorted or repeated
 * and numbers may have leading zeros, as other programs send them; which members a message needs is
 * its reader's business.
 *
 * npm:bencode reads a negative length as a step back and loops for ever over four bytes (`d-3:`).
 * Input that is well formed here has no negative length.
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

/** Deepest nesting that is accepted; beyond it lies no message of a real program. */
const MAX_SCANNED_DEPTH = 32;
/** Digits of a byte string's length. */
const MAX_LENGTH_DIGITS = 9;
/** Digits of an integer; libtorrent's have 64 bits. */
const MAX_INTEGER_DIGITS = 20;
/** Longest key in bytes that a reader looks for; longer ones are listed under the empty text. */
const MAX_KEY_BYTES = 64;

/** Returned in place of the end of a value that is not well formed. */
export const MALFORMED = -1;

/** The place of a value in the input. */
export interface Span {
  /** First byte of the value; the digit 0 for every byte string. */
  kind: number;
  /** Offset of the first byte of the encoded value. */
  start: number;
  /** Offset of the first byte after it. */
  end: number;
  /** Length of a byte string's content, bytes; 0 for other kinds. */
  length: number;
}

/** Looks at one input. Never throws, and never goes on past the input's end. */
export class BencodeScanner {
  readonly #bytes: Uint8Array;
  /** Content length of the last byte string that was scanned. */
  #length = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * The members of the dictionary at an offset, by key. Of repeated keys the last one counts.
   *
   * @returns `undefined` if no well-formed dictionary begins there
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

  /** Whether a well-formed value is a list of integers and byte strings only. */
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
   * The offset after the value at `start`, or {@linkcode MALFORMED}.
   *
   * @param depth how many lists and dictionaries it lies in
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

  /** The offset after the byte string at `start`, or {@linkcode MALFORMED}. */
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

  /** The offset after the digits at `start`, of which at most `most` are read. */
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
