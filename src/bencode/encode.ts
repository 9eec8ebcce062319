/**
 * The bencode encoder. It reuses one output buffer for all calls. The encoders of the npm libraries
 * allocate a buffer for each length and each key; those allocations cost more time than all other
 * work for a DHT query in the engine's thread.
 *
 * @module
 */

import { compareBytes, utf8 } from "../base/mod.ts";
import { BencodeError } from "./errors.ts";
import { COLON, DIGIT_0, MAX_DEPTH } from "./tokens.ts";

/** Size of the reused buffer, bytes. A longer encoding gets a buffer of its own. */
const KEPT_BYTES = 8_192;

/** Bytes that are bencoded already. The encoder writes them unchanged and unchecked. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value that bencode can express. A string is encoded as UTF-8; a number must be a safe integer. */
export type BValue =
  | Uint8Array
  | Encoded
  | string
  | number
  | readonly BValue[]
  | ReadonlyMap<string, BValue>
  | { readonly [key: string]: BValue };

/** Options of {@linkcode BencodeEncoder}: maximum length, and treatment of missing members. */
export interface BencodeEncoderOptions {
  /** Maximum length of an encoding, bytes; a longer encoding fails. Default: no limit. */
  maxBytes?: number;
  /**
   * Whether dictionary members that are `undefined` or `null` are omitted. By default such a member
   * makes the encoding fail.
   */
  omitMissing?: boolean;
}

/** Bencode encoder that writes each value into the same buffer. */
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

  /** Reason for which the last call of {@linkcode encode} returned `undefined`. */
  get problem(): string {
    return this.#problem;
  }

  /**
   * Encodes a value. Dictionary keys are sorted by their UTF-8 bytes.
   *
   * @returns a view of the encoder's buffer, valid until the next call. `undefined` if the value
   * cannot be encoded: a number that is not a safe integer, a string that is not valid Unicode,
   * more than 16 levels of nesting, more than `maxBytes` bytes, or a type other than bytes,
   * strings, numbers, arrays, maps and plain objects
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
    // Negative zero needs no special case: the template string writes -0 as 0.
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

  /**
   * Writes a dictionary with its keys sorted by their UTF-8 bytes. For keys beyond ASCII, that
   * order can differ from the UTF-16 order of JavaScript's `sort`.
   */
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

  /**
   * Writes the length of a byte string and a colon. Fast path for lengths below 1,000: the digits
   * are written without creating a string.
   */
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

  /** Grows the buffer to at least `bytes` bytes; returns `false` above the maximum length. */
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
 * Encodes a value. Dictionary keys are sorted by their UTF-8 bytes.
 *
 * @throws {BencodeError} `BAD_FIELD` for a number that is not a safe integer, a string that is not
 * valid Unicode, more than 16 levels of nesting, or a type that bencode cannot express
 */
export function bencode(value: BValue): Uint8Array<ArrayBuffer> {
  const encoded = tryBencode(value);
  if (encoded) return encoded;
  throw new BencodeError("usage", "BAD_FIELD", `cannot be bencoded: ${encoder.problem}`);
}

/** Encodes a value like {@linkcode bencode}, but returns `undefined` instead of throwing. */
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
