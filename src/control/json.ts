/**
 * Conversion between values and JSON on the control socket. This is the only place that converts
 * bytes to text: byte arrays become base64 (RFC 4648 section 4), and a signed item becomes the
 * base64 of `encodeItem`. Infohashes and targets are 40 hexadecimal digits both in memory and in
 * JSON.
 *
 * @module
 */

import * as v from "valibot";
import { fromBase64, toBase64 } from "../base/mod.ts";
import { decodeItem, encodeItem, type MutableItem } from "../records/mod.ts";

/** Serialises a request, an event or a result. Finds byte arrays and signed items at any depth. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, json) {
    // For an object with a method `toJSON`, such as Node's buffers, `json` is the result of that
    // method. The original value is therefore read from the parent object.
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

/** Schema of base64 text; its output is bytes. */
export const base64 = v.pipe(
  v.string(),
  v.rawTransform<string, Uint8Array>(({ dataset, addIssue, NEVER }) => {
    const bytes = fromBase64(dataset.value);
    if (bytes) return bytes;
    addIssue({ message: "not base64" });
    return NEVER;
  }),
);

/** Schema of base64 text that encodes exactly `length` bytes. */
export function bytes(length: number) {
  return v.pipe(base64, v.check((read) => read.length === length, `not ${length} bytes long`));
}

/** Schema of base64 text that encodes at most `maxLength` bytes. */
export function bytesUpTo(maxLength: number) {
  return v.pipe(
    base64,
    v.check((read) => read.length <= maxLength, `longer than ${maxLength} bytes`),
  );
}

/** Schema of a serialised item in base64. It does not verify the item's signature. */
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
