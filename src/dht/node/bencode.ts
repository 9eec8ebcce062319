/**
 * Converts between bencoded bytes and the loosely typed values of KRPC messages. Records are decoded
 * strictly in `src/records`; here it suffices that the re-encoded value carries a valid signature.
 *
 * @module
 */

import bencode from "bencode";
import { concatBytes, utf8 } from "../../base/mod.ts";
import type { QueryValue } from "./node.ts";

/** Encodes a decoded value; `undefined` if it contains something that bencode cannot express. */
export function encode(value: unknown): Uint8Array | undefined {
  // Fast path: most records are a byte string.
  if (value instanceof Uint8Array) return concatBytes(utf8(`${value.length}:`), value);
  if (!isEncodable(value, 0)) return undefined;
  return bencode.encode(value);
}

/** Decodes bytes that are known to be well-formed bencode, for use in a query. */
export function decode(bytes: Uint8Array): QueryValue {
  return bencode.decode(bytes) as QueryValue;
}

function isEncodable(value: unknown, depth: number): boolean {
  if (depth > 16) return false;
  if (value instanceof Uint8Array || typeof value === "string") return true;
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every((member) => isEncodable(member, depth + 1));
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((member) => isEncodable(member, depth + 1));
}
