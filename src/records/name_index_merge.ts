/**
 * Merges several versions of a name index into one list of entries: the records of today and
 * yesterday, and the publisher's own entry.
 *
 * @module
 */

import { compareBytes, toHex } from "../base/mod.ts";
import { MAX_VALUE_BYTES } from "./item_value.ts";
import { nameIndexBytes, type NameIndexEntry, verifyNameIndexEntry } from "./name_index.ts";
import { nameIndexSlot } from "./places.ts";

/** An entry that the merge omitted, because it is forged or belongs to another slot. */
export interface DroppedEntry {
  entry: NameIndexEntry;
  /**
   * `bad-signature`: the entry has no valid signature for this name. `wrong-slot`: the public key
   * of the entry belongs to another slot of the index.
   */
  reason: "bad-signature" | "wrong-slot";
}

/**
 * Result of {@linkcode mergeNameIndex}: the entries that fit into a record, and the omitted
 * entries.
 */
export interface MergedNameIndex {
  /** Entries that fit into a record, one for each publisher, sorted by public key. */
  entries: NameIndexEntry[];
  /** Valid entries that do not fit into the record, sorted by public key. */
  cut: NameIndexEntry[];
  dropped: DroppedEntry[];
  /** Whether the record has no room for a further entry. */
  isFull: boolean;
}

/** Length of the shortest entry in a record: without a certificate, with a version such as `1.0.0`, bytes. */
const MIN_ENTRY_BYTES = 156;

/**
 * Merges lists of entries of one slot.
 *
 * 1. Entries without a valid signature for this name are dropped. Entries of another slot are
 *    dropped too; otherwise, copies of them could fill this slot.
 * 2. Of each publisher, the entry with the newest time is kept, unchanged: the signature covers the
 *    first-seen time, so an older entry's first-seen time cannot be copied into the newest entry.
 *    At equal times the entry with the older first-seen time wins, then the signature that comes
 *    first in byte order, so that all merges give the same result.
 * 3. If the list exceeds 1,000 bytes, the entries with the newest first-seen times are omitted; at
 *    equal times, the entry whose public key is later in byte order. The first-seen time is the
 *    publisher's own claim. The rule protects established publishers from newcomers and accidents,
 *    but not from a false claim.
 *
 * @param slot number of the slot, 0 to 3
 */
export function mergeNameIndex(
  name: string,
  slot: number,
  ...lists: readonly (readonly NameIndexEntry[])[]
): MergedNameIndex {
  const dropped: DroppedEntry[] = [];
  const valid: NameIndexEntry[] = [];
  for (const entry of lists.flat()) {
    if (!verifyNameIndexEntry(name, entry)) {
      dropped.push({ entry, reason: "bad-signature" });
    } else if (nameIndexSlot(entry.publicKey) !== slot) {
      dropped.push({ entry, reason: "wrong-slot" });
    } else valid.push(entry);
  }
  const sorted = newestEntries(valid).sort(oldestPublisherFirst);
  const emptyBytes = nameIndexBytes([]);
  let bytes = emptyBytes;
  let fitting = 0;
  for (const entry of sorted) {
    bytes += nameIndexBytes([entry]) - emptyBytes;
    if (bytes > MAX_VALUE_BYTES) break;
    fitting++;
  }
  const [entries, cut] = [sorted.slice(0, fitting), sorted.slice(fitting)];
  const isFull = cut.length > 0 || bytes + MIN_ENTRY_BYTES > MAX_VALUE_BYTES;
  return { entries: entries.sort(byKey), cut: cut.sort(byKey), dropped, isFull };
}

/**
 * Returns the newest entry of each publisher, by the rule of {@linkcode mergeNameIndex}. Verifies
 * nothing.
 */
export function newestEntries(entries: readonly NameIndexEntry[]): NameIndexEntry[] {
  const newest = new Map<string, NameIndexEntry>();
  for (const entry of entries) {
    const keyHex = toHex(entry.publicKey);
    const other = newest.get(keyHex);
    if (!other || newestFirst(entry, other) < 0) newest.set(keyHex, entry);
  }
  return [...newest.values()];
}

function newestFirst(a: NameIndexEntry, b: NameIndexEntry): number {
  return b.timestampMs - a.timestampMs || a.firstSeenMs - b.firstSeenMs ||
    compareBytes(a.signature, b.signature);
}

function oldestPublisherFirst(a: NameIndexEntry, b: NameIndexEntry): number {
  return a.firstSeenMs - b.firstSeenMs || byKey(a, b);
}

function byKey(a: NameIndexEntry, b: NameIndexEntry): number {
  return compareBytes(a.publicKey, b.publicKey);
}
