/**
 * Merging what was found of a name's index, today's and yesterday's and one's own entry, into the list
 * to read or to write.
 *
 * @module
 */

import { compareBytes, toHex } from "../base/mod.ts";
import { MAX_VALUE_BYTES } from "./item_value.ts";
import { nameIndexBytes, type NameIndexEntry, verifyNameIndexEntry } from "./name_index.ts";
import { nameIndexSlot } from "./places.ts";

/** An entry that the merge left out because somebody made it up. */
export interface DroppedEntry {
  entry: NameIndexEntry;
  /** `bad-signature`: not signed for this name by this key. `wrong-slot`: belongs into another. */
  reason: "bad-signature" | "wrong-slot";
}

/** Result of {@linkcode mergeNameIndex}. */
export interface MergedNameIndex {
  /** One entry a publisher, sorted by public key; they fit into a record. */
  entries: NameIndexEntry[];
  /** Good entries, sorted by public key, that did not fit into a record. */
  cut: NameIndexEntry[];
  dropped: DroppedEntry[];
}

/**
 * Merges lists of entries of one slot.
 *
 * 1. Entries that are not signed by their publisher for this name are dropped, and so are those of
 *    another slot: else a slot could be filled with copies from the others.
 * 2. Of each publisher's entries the one with the newest time stays, whole: its signature covers its
 *    first-seen time, so that cannot be taken from an older one. At equal times the older first-seen
 *    time wins, then the signature that comes first in byte order, so that all who merge agree.
 * 3. If the list takes more than 1,000 bytes, the entries with the newest first-seen times are cut (at
 *    equal ones, the later key in byte order). Since that time is the publisher's own claim, this
 *    protects long-standing publishers from newcomers and accidents, not from a liar.
 *
 * @param slot 0 to 3
 */
export function mergeNameIndex(
  name: string,
  slot: number,
  ...lists: readonly (readonly NameIndexEntry[])[]
): MergedNameIndex {
  const dropped: DroppedEntry[] = [];
  const newest = new Map<string, NameIndexEntry>();
  for (const entry of lists.flat()) {
    if (!verifyNameIndexEntry(name, entry)) {
      dropped.push({ entry, reason: "bad-signature" });
    } else if (nameIndexSlot(entry.publicKey) !== slot) {
      dropped.push({ entry, reason: "wrong-slot" });
    } else {
      const keyHex = toHex(entry.publicKey);
      const other = newest.get(keyHex);
      if (!other || newestFirst(entry, other) < 0) newest.set(keyHex, entry);
    }
  }
  const sorted = [...newest.values()].sort(oldestPublisherFirst);
  const emptyBytes = nameIndexBytes([]);
  let bytes = emptyBytes;
  let fitting = 0;
  for (const entry of sorted) {
    bytes += nameIndexBytes([entry]) - emptyBytes;
    if (bytes > MAX_VALUE_BYTES) break;
    fitting++;
  }
  const [entries, cut] = [sorted.slice(0, fitting), sorted.slice(fitting)];
  return { entries: entries.sort(byKey), cut: cut.sort(byKey), dropped };
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
