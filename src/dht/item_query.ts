/**
 * Mutable items (BEP 44) as they travel in KRPC queries and answers.
 *
 * @module
 */

import { decode, encode } from "./bencode.ts";
import { equalBytes } from "../base/mod.ts";
import { MAX_VALUE_BYTES, type MutableItem, verifyItem } from "../records/mod.ts";
import type { QueryValue } from "./node.ts";

/** Whose item, under which salt. */
export interface ItemKey {
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** At most 64 bytes; empty for none. */
  salt: Uint8Array;
}

/** What one node showed when asked for an item. */
export type Shown =
  | { kind: "nothing" }
  | { kind: "item"; item: MutableItem }
  /** Something that is not a validly signed item of that key and salt. */
  | { kind: "invalid" };

/** Reads the item out of the answer to a `get` query. The signature is checked. */
export function readShown(body: Record<string, unknown>, key: ItemKey): Shown {
  if (body.v === undefined || body.v === null) return { kind: "nothing" };
  const { k, seq, sig } = body;
  if (!(k instanceof Uint8Array) || !equalBytes(k, key.publicKey)) return { kind: "invalid" };
  if (!(sig instanceof Uint8Array) || sig.length !== 64) return { kind: "invalid" };
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0) return { kind: "invalid" };
  const value = encode(body.v);
  if (value === undefined || value.length > MAX_VALUE_BYTES) return { kind: "invalid" };
  const item = { ...key, seq, value, signature: new Uint8Array(sig) };
  return verifyItem(item) ? { kind: "item", item } : { kind: "invalid" };
}

/** The arguments of the `put` query for `item`. */
export function putArguments(
  item: MutableItem,
  token: Uint8Array,
  cas: number | undefined,
): Record<string, QueryValue> {
  const args: Record<string, QueryValue> = {
    k: item.publicKey,
    seq: item.seq,
    sig: item.signature,
    token,
    v: decode(item.value),
  };
  if (item.salt.length > 0) args.salt = item.salt;
  if (cas !== undefined) args.cas = cas;
  return args;
}
