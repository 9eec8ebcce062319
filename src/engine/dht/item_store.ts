/**
 * The items (BEP 44) that our DHT node stores for other nodes. Their number and age are limited.
 * `item_answers.ts` decides which items may be stored.
 *
 * @module
 */

import { type Clock, setNewest } from "../../base/mod.ts";

/** A stored item. */
export interface StoredItem {
  /** Value of the item, bencoded exactly as received, at most 1,000 bytes. */
  value: Uint8Array;
  /** Key, sequence number and signature of a mutable item; absent for an immutable item. */
  mutable?: {
    /** Ed25519 public key, 32 bytes. */
    publicKey: Uint8Array;
    /** Sequence number: a safe integer of at least 0. */
    seq: number;
    /** Ed25519 signature, 64 bytes. */
    signature: Uint8Array;
  };
}

/**
 * Lifetime of an item since its last `put`. BEP 44 allows nodes to forget an item after two hours.
 */
const AGE_MS = 2 * 3_600_000;
/** Maximum number of stored items. A full store takes about 1.3 MB. */
const MAX_ITEMS = 1_000;

/** Stored items by target. When the store is full, the item with the oldest `put` is evicted. */
export class ItemStore {
  readonly #clock: Clock;
  /** Items in the order of their last `put`, oldest first. */
  readonly #items = new Map<string, { item: StoredItem; putMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns the item with a target (40 hexadecimal digits); `undefined` if there is none or it has
   * expired.
   */
  get(targetHex: string): StoredItem | undefined {
    const held = this.#items.get(targetHex);
    // The absolute value of the age is compared, so that setting the clock back does not extend the
    // life of an item.
    if (held && Math.abs(this.#clock.now() - held.putMs) < AGE_MS) return held.item;
    this.#items.delete(targetHex);
    return undefined;
  }

  /** Stores an item for two hours from now, in place of an earlier item with the same target. */
  put(targetHex: string, item: StoredItem): void {
    setNewest(this.#items, targetHex, { item, putMs: this.#clock.now() }, MAX_ITEMS);
  }
}
