/**
 * Converts mutable items (BEP 44) from KRPC replies and to KRPC queries.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import { Encoded, tryBencode } from "../../bencode/mod.ts";
import { MAX_VALUE_BYTES, type MutableItem, verifyItem } from "../../records/mod.ts";
import type { QueryValue } from "../node/mod.ts";

/** Identity of a mutable item: public key and salt. */
export interface ItemKey {
  /** Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** At most 64 bytes; empty for none. */
  salt: Uint8Array;
}

/** The item in one node's reply to `get`, if any. */
export type Shown =
  | { kind: "nothing" }
  | { kind: "item"; item: MutableItem }
  /** A value without a valid signature of that key and salt. */
  | { kind: "invalid" };

const INVALID: Shown = { kind: "invalid" };

/**
 * Reads items of one key and salt from replies to `get`. Verifying a signature costs more than the rest
 * of reading, so the signature of an item is verified once, however many nodes return it.
 */
export class ItemReader {
  readonly #key: ItemKey;
  /** Items with a valid signature, so that only the owner of the key can make the list grow. */
  readonly #verified: { item: MutableItem; v?: unknown }[] = [];
  /** Results by reply, so that a reply is read once. */
  readonly #shown = new Map<Record<string, unknown>, Shown>();

  /** @param known an item of that key and salt whose signature is valid */
  constructor({ publicKey, salt }: ItemKey, known?: MutableItem) {
    this.#key = { publicKey, salt };
    if (known) this.#verified.push({ item: known });
  }

  /** Reads the item in a reply, given its `r` dictionary. */
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
    // Fast path: nearly all nodes return the same byte string, which is not encoded again.
    const isRepeated = (one: { item: MutableItem; v?: unknown }) =>
      v instanceof Uint8Array && one.v instanceof Uint8Array && equalBytes(one.v, v) &&
      one.item.seq === seq && equalBytes(one.item.signature, sig);
    const repeated = this.#verified.find(isRepeated);
    if (repeated) return { kind: "item", item: repeated.item };
    const value = tryBencode(v);
    if (value === undefined || value.length > MAX_VALUE_BYTES) return INVALID;
    const known = this.#verified.find(({ item }) =>
      item.seq === seq && equalBytes(item.signature, sig) && equalBytes(item.value, value)
    );
    if (known) {
      known.v ??= v;
      return { kind: "item", item: known.item };
    }
    const item = { ...this.#key, seq, value, signature: new Uint8Array(sig) };
    if (!verifyItem(item)) return INVALID;
    this.#verified.push({ item, v });
    return { kind: "item", item };
  }
}

/** Arguments of the `put` query for an item. The value is sent in the bytes that were signed. */
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
    v: new Encoded(item.value),
  };
  if (item.salt.length > 0) args.salt = item.salt;
  if (cas !== undefined) args.cas = cas;
  return args;
}
