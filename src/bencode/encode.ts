/**
 * The bencode encoder. It writes into one buffer that is kept from call to call: the libraries' own
 * encoders make a buffer of each length and each name, which took longer than everything else that
 * sending a DHT query takes in this thread.
 *
 * @module
 */

import { compareBytes, utf8 } from "../base/mod.ts";
import { BencodeError } from "./errors.ts";
import { COLON, DIGIT_0, MAX_DEPTH } from "./tokens.ts";

/** Bytes of the buffer that is kept; longer values get one of their own. */
const KEPT_BYTES = 8_192;

/** A value that is bencoded already. It is written as it is, unchecked. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value that bencode has a form for. Text is written as UTF-8; numbers must be safe integers. */
export type BValue =
  | Uint8Array
  | Encoded
  | string
  | number
  | readonly BValue[]
  | ReadonlyMap<string, BValue>
  | { readonly [key: string]: BValue };

/** Options of {@linkcode BencodeEncoder}. */
export interface BencodeEncoderOptions {
  /** Longest encoding in bytes; a longer one is not made. Default: no bound. */
  maxBytes?: number;
  /** Whether dictionary members that are `undefined` or `null` are left out. Default: they fail. */
  omitMissing?: boolean;
}

/** Encodes values one after the other into the same memory. */
export class BencodeEncoder {
  readonly #maxBytes: number;
  readonly #omitMissing: boolean;
  readonly #kept: Uint8Array;
  #buffer: Uint8Array;
  #length = 0;
  #problem = "";

  constructor({ maxBytes = Infinity, omitMissing = false }: BencodeEncoderOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#omitMissing = omitMissing;
    this.#kept = this.#buffer = new Uint8Array(Math.min(maxBytes, KEPT_BYTES));
  }

  /** Why the last call of {@linkcode encode} returned `undefined`. */
  get problem(): string {
    return this.#problem;
  }

  /**
   * Encodes a value. Dictionary keys are sorted by their UTF-8 bytes.
   *
   * @returns a view of the encoder's buffer, valid until the next call; `undefined` for a number that
   * is not a safe integer, text that is not valid Unicode, more than 16 levels, more than `maxBytes`
   * bytes, or any type but bytes, text, numbers, arrays, maps and plain objects
   */
  encode(value: unknown): Uint8Array | undefined {
    this.#length = 0;
    this.#buffer = this.#kept;
    return this.#value(value, 0) ? this.#buffer.subarray(0, this.#length) : undefined;
  }

  #value(value: unknown, depth: number): boolean {
    if (depth > MAX_DEPTH) return this.#fail(`nested more than ${MAX_DEPTH} deep`);
    if (value instanceof Uint8Array) return this.#bytes(value);
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "number") return this.#integer(value);
    if (value instanceof Encoded) return this.#raw(value.bytes);
    if (Array.isArray(value)) return this.#list(value, depth);
    if (typeof value === "object" && value !== null) {
      if (isPlain(value)) return this.#object(value, depth);
      if (value instanceof Map) return this.#map(value, depth);
    }
    return this.#fail(`bencode has no form for ${nameOf(value)}`);
  }

  #integer(value: number): boolean {
    if (!Number.isSafeInteger(value)) return this.#fail(`${value} is not a safe integer`);
    // The template also turns -0 into 0.
    return this.#ascii(`i${value}e`);
  }

  #list(members: unknown[], depth: number): boolean {
    if (!this.#ascii("l")) return false;
    for (const member of members) if (!this.#value(member, depth + 1)) return false;
    return this.#ascii("e");
  }

  #object(members: Record<string, unknown>, depth: number): boolean {
    const start = this.#length;
    if (!this.#ascii("d")) return false;
    for (const key of Object.keys(members).sort()) {
      const member = members[key];
      if (this.#omitMissing && (member === undefined || member === null)) continue;
      if (!isAscii(key)) {
        this.#length = start;
        return this.#map(new Map(Object.entries(members)), depth);
      }
      if (!this.#prefix(key.length) || !this.#ascii(key)) return false;
      if (!this.#value(member, depth + 1)) return false;
    }
    return this.#ascii("e");
  }

  /** Writes members in the order of their keys' UTF-8, which beyond ASCII is not that of UTF-16. */
  #map(members: ReadonlyMap<unknown, unknown>, depth: number): boolean {
    const keys = [...members.keys()];
    if (!keys.every((key) => typeof key === "string")) return this.#fail("a key that is no text");
    if (!this.#ascii("d")) return false;
    for (const key of keys.sort((a, b) => compareBytes(utf8(a), utf8(b)))) {
      const member = members.get(key);
      if (this.#omitMissing && (member === undefined || member === null)) continue;
      if (!this.#text(key) || !this.#value(member, depth + 1)) return false;
    }
    return this.#ascii("e");
  }

  #bytes(bytes: Uint8Array): boolean {
    return this.#prefix(bytes.length) && this.#raw(bytes);
  }

  #text(text: string): boolean {
    if (isAscii(text)) return this.#prefix(text.length) && this.#ascii(text);
    if (!text.isWellFormed()) return this.#fail("text with half a surrogate pair");
    return this.#bytes(utf8(text));
  }

  /** The length of a byte string and its colon. Lengths below 1,000 need no text of their own. */
  #prefix(length: number): boolean {
    if (length > 999) return this.#ascii(`${length}:`);
    let at = this.#length;
    const end = at + (length > 99 ? 4 : length > 9 ? 3 : 2);
    if (end > this.#buffer.length && !this.#grow(end)) return false;
    const buffer = this.#buffer;
    if (length > 99) buffer[at++] = DIGIT_0 + (length / 100 | 0);
    if (length > 9) buffer[at++] = DIGIT_0 + (length / 10 | 0) % 10;
    buffer[at++] = DIGIT_0 + length % 10;
    buffer[at] = COLON;
    this.#length = end;
    return true;
  }

  #raw(bytes: Uint8Array): boolean {
    const end = this.#length + bytes.length;
    if (end > this.#buffer.length && !this.#grow(end)) return false;
    this.#buffer.set(bytes, this.#length);
    this.#length = end;
    return true;
  }

  #ascii(text: string): boolean {
    const { length } = text;
    const start = this.#length;
    if (start + length > this.#buffer.length && !this.#grow(start + length)) return false;
    const buffer = this.#buffer;
    for (let i = 0; i < length; i++) buffer[start + i] = text.charCodeAt(i);
    this.#length = start + length;
    return true;
  }

  /** Makes room for `bytes` in all. */
  #grow(bytes: number): boolean {
    if (bytes > this.#maxBytes) return this.#fail(`more than ${this.#maxBytes} bytes`);
    const larger = new Uint8Array(
      Math.min(Math.max(bytes, 2 * this.#buffer.length), this.#maxBytes),
    );
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    return true;
  }

  #fail(problem: string): false {
    this.#problem = problem;
    return false;
  }
}

const encoder = new BencodeEncoder();

/**
 * Encodes a value. Dictionary keys are sorted by their UTF-8 bytes, whatever their order was.
 *
 * @throws {BencodeError} `BAD_FIELD` for a number that is not a safe integer, text that is not valid
 * Unicode, more than 16 levels, or anything that bencode has no form for
 */
export function bencode(value: BValue): Uint8Array<ArrayBuffer> {
  const encoded = tryBencode(value);
  if (encoded) return encoded;
  throw new BencodeError("usage", "BAD_FIELD", `cannot be bencoded: ${encoder.problem}`);
}

/** Encodes a value as {@linkcode bencode} does; `undefined` where that throws. */
export function tryBencode(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  const encoded = encoder.encode(value);
  return encoded && new Uint8Array(encoded);
}

function nameOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
