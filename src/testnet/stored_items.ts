/**
 * The items (BEP 44) that a node of npm:bittorrent-dht stores. The internal cache of the npm
 * package is read directly, because its public `toJSON` throws for items that are integers, and no
 * public method removes an item.
 *
 * @module
 */

/** Types of the members of npm:lru that this file uses. Keys are BEP 44 targets in hexadecimal. */
export interface StoredItems {
  readonly keys: string[];
  /** Returns an item without marking it as recently used. `seq` is absent for an immutable item. */
  peek(targetHex: string): { seq?: number } | undefined;
  remove(targetHex: string): void;
}

/** Returns the items that a node of npm:bittorrent-dht stores. */
export function storedItems(dht: object): StoredItems {
  return (dht as { _values: StoredItems })._values;
}
