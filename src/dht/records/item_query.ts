/**
 * Converts mutable items (BEP 44) from DHT replies and to DHT queries.
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
  /** Salt, at most 64 bytes; empty for an item without salt. */
  salt: Uint8Array;
}

/** Result of reading one node's reply to `get`: no item, a valid item or an invalid item. */
export type Shown =
  | { kind: "nothing" }
  | { kind: "item"; item: MutableItem }
  /** The reply has a value, but no valid signature of the expected key and salt. */
  | { kind: "invalid" };

const INVALID: Shown = { kind: "invalid" };

/**
 * Reads the items of one key and salt from replies to `get`. Many nodes return the same item, and
 * verifying a signature is expensive, so the signature of each distinct item is verified only once.
 */
export class ItemReader {
  readonly #key: ItemKey;
  /**
   * The distinct items read so far that have a valid signature. Only the owner of the private key
   * can add items to this list.
   */
  readonly #verified: { item: MutableItem; v?: unknown }[] = [];
  /** For each reply, the result of reading it, so that each reply is read only once. */
  readonly #shown = new Map<Record<string, unknown>, Shown>();

  /** @param known an item of the same key and salt whose signature was verified before */
  constructor({ publicKey, salt }: ItemKey, known?: MutableItem) {
    this.#key = { publicKey, salt };
    if (known) this.#verified.push({ item: known });
  }

  /** Reads and verifies the item in a reply. `body` is the `r` dictionary of the reply. */
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
    // Fast path: nearly all nodes return the same byte string, which need not be encoded again.
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

/**
 * Returns the arguments of the `put` query for an item. The value is sent as the exact bytes that
 * were signed.
 */
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
