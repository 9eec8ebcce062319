/**
 * Mutable items (BEP 44) as they travel in KRPC queries and answers.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import { MAX_VALUE_BYTES, type MutableItem, verifyItem } from "../../records/mod.ts";
import { encode, type QueryValue } from "../node/mod.ts";

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
  readonly #good: { item: MutableItem; v?: unknown }[] = [];
  /** What was read already. */
  readonly #shown = new Map<Record<string, unknown>, Shown>();

  /** @param known an item of that key and salt whose signature is good */
  constructor({ publicKey, salt }: ItemKey, known?: MutableItem) {
    this.#key = { publicKey, salt };
    if (known) this.#good.push({ item: known });
  }

  /** What one answer shows. The same answer is read once. */
  read(body: Record<string, unknown>): Shown {
    const before = this.#shown.get(body);
    if (before) return before;
    const shown = this.#read(body);
    this.#shown.set(body, shown);
    return shown;
  }

  #read(body: Record<string, unknown>): Shown {
    if (body.v === undefined || body.v === null) return { kind: "nothing" };
    const { k, seq, sig } = body;
    if (!(k instanceof Uint8Array) || !equalBytes(k, this.#key.publicKey)) return INVALID;
    if (!(sig instanceof Uint8Array) || sig.length !== 64) return INVALID;
    if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0) return INVALID;
    const { v } = body;
    // Most are a byte string, and the same one from all: nothing is made of it again.
    const isRepeated = (one: { item: MutableItem; v?: unknown }) =>
      v instanceof Uint8Array && one.v instanceof Uint8Array && equalBytes(one.v, v) &&
      one.item.seq === seq && equalBytes(one.item.signature, sig);
    const repeated = this.#good.find(isRepeated);
    if (repeated) return { kind: "item", item: repeated.item };
    const value = encode(v);
    if (value === undefined || value.length > MAX_VALUE_BYTES) return INVALID;
    const known = this.#good.find(({ item }) =>
      item.seq === seq && equalBytes(item.signature, sig) && equalBytes(item.value, value)
    );
    if (known) {
      known.v ??= v;
      return { kind: "item", item: known.item };
    }
    const item = { ...this.#key, seq, value, signature: new Uint8Array(sig) };
    if (!verifyItem(item)) return INVALID;
    this.#good.push({ item, v });
    return { kind: "item", item };
  }
}

/** The arguments of the `put` query for `item`, whose decoded value is `value`. */
export function putArguments(
  item: MutableItem,
  value: QueryValue,
  token: Uint8Array,
  cas: number | undefined,
): Record<string, QueryValue> {
  const args: Record<string, QueryValue> = {
    k: item.publicKey,
    seq: item.seq,
    sig: item.signature,
    token,
    v: value,
  };
  if (item.salt.length > 0) args.salt = item.salt;
  if (cas !== undefined) args.cas = cas;
  return args;
}
