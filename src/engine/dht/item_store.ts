/**
 * The items (BEP 44) that our DHT node keeps for others: so many, for so long. Whether one may be put is
 * for `item_answers.ts`.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";

/** An item as it was put. */
export interface StoredItem {
  /** The bencoded value exactly as it was sent, at most 1,000 bytes. */
  value: Uint8Array;
  /** The further members of a mutable item. */
  mutable?: {
    /** Ed25519 public key, 32 bytes. */
    publicKey: Uint8Array;
    /** A safe integer of at least 0. */
    seq: number;
    /** Ed25519 signature, 64 bytes. */
    signature: Uint8Array;
  };
}

/** BEP 44: nodes may forget an item after two hours. */
const AGE_MS = 2 * 3_600_000;
/** Some 1.3 MB. */
const MAX_ITEMS = 1_000;

/** Items by target. When there is no room, the one that was put longest ago goes. */
export class ItemStore {
  readonly #clock: Clock;
  /** In the order in which they were put last. */
  readonly #items = new Map<string, { item: StoredItem; putMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The item of a target, 40 hexadecimal digits. */
  get(targetHex: string): StoredItem | undefined {
    const held = this.#items.get(targetHex);
    // A clock that was set back keeps none for longer.
    if (held && Math.abs(this.#clock.now() - held.putMs) < AGE_MS) return held.item;
    this.#items.delete(targetHex);
    return undefined;
  }

  /** Keeps an item for two hours from now on. */
  put(targetHex: string, item: StoredItem): void {
    this.#items.delete(targetHex);
    this.#items.set(targetHex, { item, putMs: this.#clock.now() });
    if (this.#items.size > MAX_ITEMS) this.#items.delete(this.#items.keys().next().value!);
  }
}
