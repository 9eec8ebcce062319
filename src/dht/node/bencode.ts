/**
 * Between bencoded bytes and the loose values that KRPC messages carry. Strict decoding of records
 * is in `src/records`; here the signature decides.
 *
 * @module
 */

import bencode from "bencode";
import { concatBytes, utf8 } from "../../base/mod.ts";
import type { QueryValue } from "./node.ts";

/** A decoded value as bencode; `undefined` if it holds something that bencode cannot say. */
export function encode(value: unknown): Uint8Array | undefined {
  // Most records are a byte string.
  if (value instanceof Uint8Array) return concatBytes(utf8(`${value.length}:`), value);
  if (!sayable(value, 0)) return undefined;
  return bencode.encode(value);
}

/** Bencoded bytes, known to be well formed, as a value to put into a query. */
export function decode(bytes: Uint8Array): QueryValue {
  return bencode.decode(bytes) as QueryValue;
}

function sayable(value: unknown, depth: number): boolean {
  if (depth > 16) return false;
  if (value instanceof Uint8Array || typeof value === "string") return true;
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every((member) => sayable(member, depth + 1));
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((member) => sayable(member, depth + 1));
}
