/**
 * Reads the index of a name: the publishers that list themselves under it. Anybody may write the record,
 * so only entries that their publisher signed count. `write_name_index.ts` writes it.
 *
 * The index has several slots, each a record of its own; a publisher's key decides its slot. Key and
 * target of each record change every day (UTC), so readers look at today's and yesterday's.
 *
 * @module
 */

import { type Clock, isOfFuture, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { ItemKey } from "../dht/mod.ts";
import { lookUpRecord, type RecordLookup } from "../fetching/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  dayOf,
  decodeNameIndex,
  mergeNameIndex,
  type MutableItem,
  NAME_INDEX_SLOTS,
  type NameIndexEntry,
  nameIndexKeyPair,
  nameIndexSalt,
  RecordError,
  verifyNameIndexEntry,
} from "../records/mod.ts";
import { hasPossibleTimes } from "./name_entry.ts";

/** Looks single records up: through the owner of the engine, or as the owner. */
export interface IndexReader {
  lookUp(key: ItemKey, signal?: AbortSignal): Promise<RecordLookup>;
}

/** The index of a name, read from all requested slots. */
export interface ReadIndex {
  /** Entries with valid signatures and possible times. */
  entries: NameIndexEntry[];
  /** A message about each dropped entry and its reason. */
  dropped: string[];
  /** Number of dropped entries that are dated in the future: this clock or the publisher's is wrong. */
  ofFuture: number;
  /** DHT nodes asked, summed over all lookups. */
  asked: number;
  /** Nodes that answered, summed over all lookups. */
  responded: number;
  lookups: number;
}

/** A reader for a command, through the owner of the engine. */
export function indexReader(operations: Pick<Operations, "lookUp">): IndexReader {
  return { lookUp: (key, signal) => lookUpRecord(operations, key, signal) };
}

/** Key pair and item key of one slot of a name's index on a day. */
export function placeOf(name: string, slot: number, day: number) {
  const keys = nameIndexKeyPair(name, day);
  return { keys, key: { publicKey: keys.publicKey, salt: nameIndexSalt(name, slot) } };
}

const ALL_SLOTS = Array.from({ length: NAME_INDEX_SLOTS }, (_, slot) => slot);

/**
 * Reads the index of a name, of today and yesterday.
 *
 * @param slots slots to read, all by default; one publisher's entry is in one slot
 */
export async function readNameIndex(
  reader: IndexReader,
  name: string,
  clock: Clock,
  signal?: AbortSignal,
  slots: readonly number[] = ALL_SLOTS,
): Promise<ReadIndex> {
  const nowMs = clock.now();
  const read = await Promise.all(slots.map((slot) => readSlot(reader, name, slot, nowMs, signal)));
  const none = { dropped: [], ofFuture: 0, asked: 0, responded: 0, lookups: 0 };
  const sum: ReadIndex = { entries: [], ...none };
  for (const { entries, dropped, ofFuture, lookups } of read) {
    sum.entries.push(...entries);
    sum.dropped.push(...dropped);
    sum.ofFuture += ofFuture;
    for (const { asked, responded } of lookups) {
      sum.lookups++;
      sum.asked += asked;
      sum.responded += responded;
    }
  }
  return sum;
}

/** One slot of an index, as it was read. */
export interface SlotReading {
  entries: NameIndexEntry[];
  dropped: string[];
  /** Number of signed entries that are dated in the future. */
  ofFuture: number;
  /** Today's record; different nodes may have different ones. */
  today: MutableItem[];
  lookups: RecordLookup[];
}

/** Reads one slot of today and yesterday, and merges it with entries of this home. */
export async function readSlot(
  reader: IndexReader,
  name: string,
  slot: number,
  nowMs: number,
  signal?: AbortSignal,
  own: readonly NameIndexEntry[] = [],
): Promise<SlotReading> {
  const day = dayOf(nowMs);
  const lookups = await Promise.all(
    [day, day - 1].map((one) => reader.lookUp(placeOf(name, slot, one).key, signal)),
  );
  const dropped: string[] = [];
  const shown = lookups.map((lookup) =>
    lookup.kind === "found" ? [lookup.item, ...lookup.others] : []
  );
  // Older copies count too: the writer of a newer one may not have seen all of their entries.
  const lists = shown.flat().map((item) => entriesOf(item, dropped));
  const good = lists.map((list) => timely(list, nowMs, dropped));
  const late = lists.flat().filter(({ timestampMs }) => isOfFuture(timestampMs, nowMs));
  // Count an entry once, although several nodes and both days may have copies of it.
  const copies = new Map(late.map((entry) => [toHex(entry.signature), entry]));
  const ofFuture = [...copies.values()].filter((entry) => verifyNameIndexEntry(name, entry)).length;
  const merged = mergeNameIndex(name, slot, ...good, timely(own, nowMs));
  for (const { entry, reason } of merged.dropped) dropped.push(`${describe(entry)}: ${reason}`);
  return { entries: merged.entries, dropped, ofFuture, today: shown[0]!, lookups };
}

/** The entries of a record; none if it is no index, which `dropped` then says. */
export function entriesOf(item: MutableItem, dropped: string[] = []): NameIndexEntry[] {
  try {
    const { entries, malformed } = decodeNameIndex(item.value);
    dropped.push(...malformed);
    return entries;
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    dropped.push(error.message);
    return [];
  }
}

/** The entries with possible times; `dropped` receives a message about the others. */
export function timely(
  entries: readonly NameIndexEntry[],
  nowMs: number,
  dropped: string[] = [],
): NameIndexEntry[] {
  return entries.filter((entry) => {
    if (hasPossibleTimes(entry, nowMs)) return true;
    dropped.push(`${describe(entry)}: an impossible time`);
    return false;
  });
}

function describe({ publicKey, version }: NameIndexEntry): string {
  return `entry of ${formatPublicKey(publicKey)} for version ${version}`;
}
