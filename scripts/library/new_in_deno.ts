/**
 * Functions of JavaScript that Deno has and Node.js 20 lacks. `scripts/library.ts` lets calls in the
 * library mean these, which use the runtime's own where there is one. Methods become methods under a
 * symbol that only the library knows, so that a program sees no change of what is global.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** `Promise.withResolvers`, which Node.js has since version 22. */
export function promiseWithResolvers<T>() {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((fulfil, refuse) => [resolve, reject] = [fulfil, refuse]);
  return { promise, resolve, reject };
}

/** `Iterator.from`, which Node.js has since version 22: an array has the methods that are called. */
export function iteratorFrom<T>(values: Iterable<T>): T[] {
  return [...values];
}

/** `Uint8Array.fromHex` for text that is known to be hexadecimal, of even length. */
export function bytesFromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** `Uint8Array.fromBase64`. Throws for characters that base64 does not have. */
export function bytesFromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  const plain = text.replace(/[\t\n\f\r ]/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) throw new SyntaxError("not base64");
  return bytes;
}

/** Methods by name, for objects that lack them. */
const methods = {
  toHex: {
    of: Uint8Array.prototype,
    value(this: Uint8Array) {
      return Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString("hex");
    },
  },
  toBase64: {
    of: Uint8Array.prototype,
    value(this: Uint8Array) {
      return Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString("base64");
    },
  },
  /** Decodes hexadecimal digits, as many as fit. */
  setFromHex: {
    of: Uint8Array.prototype,
    value(this: Uint8Array, text: string) {
      const written = Buffer.from(this.buffer, this.byteOffset, this.byteLength).write(text, "hex");
      return { written, read: 2 * written };
    },
  },
  /** Frees memory early in Deno. The collector of Node.js 20 frees it later. */
  transfer: {
    of: ArrayBuffer.prototype,
    value(this: ArrayBuffer) {
      return this;
    },
  },
} as const;

function methodOf(name: keyof typeof methods): symbol {
  const { of, value } = methods[name];
  const symbol = Symbol(name);
  const own = (of as unknown as Record<string, unknown>)[name];
  Object.defineProperty(of, symbol, { value: own ?? value });
  return symbol;
}

export const methodToHex: symbol = methodOf("toHex");
export const methodToBase64: symbol = methodOf("toBase64");
export const methodSetFromHex: symbol = methodOf("setFromHex");
export const methodTransfer: symbol = methodOf("transfer");
