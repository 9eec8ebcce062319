/**
 * The JSON edge of the control socket, the only place where bytes become text: byte arrays are base64
 * (RFC 4648 section 4) and a signed item is the base64 of `encodeItem`. Infohashes and targets are 40
 * hexadecimal digits on both sides of the edge.
 *
 * @module
 */

import * as v from "valibot";
import { fromBase64, toBase64 } from "../base/mod.ts";
import { decodeItem, encodeItem, type MutableItem } from "../records/mod.ts";

/** Serialises a request, an event or a result. Byte arrays and signed items may lie anywhere in it. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, json) {
    // `json` is the value after its own `toJSON`, which Node's buffers have; this is the value before.
    const member = this[key];
    if (member instanceof Uint8Array) return toBase64(member);
    return isItem(member) ? toBase64(encodeItem(member)) : json;
  });
}

const ITEM_MEMBERS = "publicKey,salt,seq,signature,value";

/** Whether a value has exactly the members of a signed item. */
function isItem(value: unknown): value is MutableItem {
  return typeof value === "object" && value !== null && "signature" in value &&
    Object.keys(value).sort().join() === ITEM_MEMBERS;
}

/** Base64 text, read as bytes. */
export const base64 = v.pipe(
  v.string(),
  v.rawTransform<string, Uint8Array>(({ dataset, addIssue, NEVER }) => {
    const bytes = fromBase64(dataset.value);
    if (bytes) return bytes;
    addIssue({ message: "not base64" });
    return NEVER;
  }),
);

/** Base64 of exactly `length` bytes. */
export function bytes(length: number) {
  return v.pipe(base64, v.check((read) => read.length === length, `not ${length} bytes long`));
}

/** Base64 of at most `maxLength` bytes. */
export function bytesUpTo(maxLength: number) {
  return v.pipe(
    base64,
    v.check((read) => read.length <= maxLength, `longer than ${maxLength} bytes`),
  );
}

/** Base64 of a serialised item. Its signature is not checked. */
export const item = v.pipe(
  base64,
  v.rawTransform<Uint8Array, MutableItem>(({ dataset, addIssue, NEVER }) => {
    try {
      return decodeItem(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
      return NEVER;
    }
  }),
);
