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

const INVALID: Shown = { kind: "invalid" };

/**
 * Reads the items of one key and salt out of the answers to `get` queries. The signature of each item
 * is checked once, however many nodes show it: that costs more than all the rest of reading it.
 */
export class ItemReader {
  readonly #key: ItemKey;
  /** Items whose signature was found good. Only the key's owner can make this grow. */
  readonly #good: MutableItem[] = [];

  /** @param known an item of that key and salt whose signature is good */
  constructor({ publicKey, salt }: ItemKey, known?: MutableItem) {
    this.#key = { publicKey, salt };
    if (known) this.#good.push(known);
  }

  /** What one answer shows. */
  read(body: Record<string, unknown>): Shown {
    if (body.v === undefined || body.v === null) return { kind: "nothing" };
    const { k, seq, sig } = body;
    if (!(k instanceof Uint8Array) || !equalBytes(k, this.#key.publicKey)) return INVALID;
    if (!(sig instanceof Uint8Array) || sig.length !== 64) return INVALID;
    if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0) return INVALID;
    const value = encode(body.v);
    if (value === undefined || value.length > MAX_VALUE_BYTES) return INVALID;
    const known = this.#good.find((one) =>
      one.seq === seq && equalBytes(one.signature, sig) && equalBytes(one.value, value)
    );
    if (known) return { kind: "item", item: known };
    const item = { ...this.#key, seq, value, signature: new Uint8Array(sig) };
    if (!verifyItem(item)) return INVALID;
    this.#good.push(item);
    return { kind: "item", item };
  }
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
