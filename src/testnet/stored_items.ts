/**
 * The items (BEP 44) that a node of npm:bittorrent-dht stores. Its public `toJSON` throws when an item is
 * an integer, and items cannot be removed through a public method, so its cache is used itself.
 *
 * @module
 */

/** A cache of npm:lru, by target in hexadecimal. */
export interface StoredItems {
  readonly keys: string[];
  /** Returns an item without making it newer; `seq` is absent for an immutable one. */
  peek(targetHex: string): { seq?: number } | undefined;
  remove(targetHex: string): void;
}

/** The items of a node. */
export function storedItems(dht: object): StoredItems {
  return (dht as { _values: StoredItems })._values;
}
