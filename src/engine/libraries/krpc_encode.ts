/**
 * KRPC messages (BEP 5) as bencode. npm:k-rpc-socket's own encoder makes a buffer of each length and
 * each name, which took longer than all else that sending a query takes in this thread.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** More than any message of ours has. */
const MAX_BYTES = 8_192;

/** A member of a message that is bencode already, and goes out as it is. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Encodes messages one after the other, in the same memory. */
export class KrpcEncoder {
  readonly #buffer = Buffer.allocUnsafeSlow(MAX_BYTES);
  #length = 0;

  /**
   * A message as bencode: dictionaries with sorted keys and without members that are `undefined` or
   * `null`. `undefined` for what is not usual in a message: more than 8 KiB, a number that is not a safe
   * integer, any other type than byte strings, text, numbers, arrays and objects.
   */
  encode(message: unknown): Buffer | undefined {
    this.#length = 0;
    return this.#value(message) ? Buffer.from(this.#buffer.subarray(0, this.#length)) : undefined;
  }

  #value(value: unknown): boolean {
    if (value instanceof Uint8Array) return this.#bytes(value);
    if (value instanceof Encoded) return this.#raw(value.bytes);
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "number") return Number.isSafeInteger(value) && this.#ascii(`i${value}e`);
    if (Array.isArray(value)) return this.#list(value);
    return typeof value === "object" && value !== null && isPlain(value) && this.#dictionary(value);
  }

  #list(members: unknown[]): boolean {
    return this.#ascii("l") && members.every((member) => this.#value(member)) && this.#ascii("e");
  }

  #dictionary(members: Record<string, unknown>): boolean {
    if (!this.#ascii("d")) return false;
    for (const key of Object.keys(members).sort()) {
      const member = members[key];
      if (member === undefined || member === null) continue;
      if (!this.#text(key) || !this.#value(member)) return false;
    }
    return this.#ascii("e");
  }

  #bytes(bytes: Uint8Array): boolean {
    return this.#ascii(`${bytes.length}:`) && this.#raw(bytes);
  }

  #raw(bytes: Uint8Array): boolean {
    if (this.#length + bytes.length > MAX_BYTES) return false;
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    return true;
  }

  #text(text: string): boolean {
    return isAscii(text) ? this.#ascii(`${text.length}:${text}`) : this.#bytes(Buffer.from(text));
  }

  #ascii(text: string): boolean {
    if (this.#length + text.length > MAX_BYTES) return false;
    for (let i = 0; i < text.length; i++) this.#buffer[this.#length++] = text.charCodeAt(i);
    return true;
  }
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
