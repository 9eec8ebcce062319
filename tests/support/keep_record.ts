/**
 * Keeps one record announced, given as an item.
 *
 * @module
 */

import type { Reannouncer } from "../../src/dht/mod.ts";
import { encodeItem, type MutableItem } from "../../src/records/mod.ts";

/** Keeps a record alive; `dueMs` is its first due time, Unix milliseconds. */
export function keepRecord(
  reannouncer: Reannouncer,
  item: MutableItem,
  dueMs: number,
  failures = 0,
): void {
  reannouncer.keepRecords([{ item: encodeItem(item), dueMs, failures }]);
}
