/**
 * Helper that keeps one record announced, given as a signed item.
 *
 * @module
 */

import type { Reannouncer } from "../../src/dht/mod.ts";
import { encodeItem, type MutableItem } from "../../src/records/mod.ts";

/**
 * Keeps a record announced; `dueMs` is the time of its first announcement, in Unix milliseconds.
 */
export function keepRecord(
  reannouncer: Reannouncer,
  item: MutableItem,
  dueMs: number,
  failures = 0,
): void {
  reannouncer.keepRecords([{ item: encodeItem(item), dueMs, failures }]);
}
