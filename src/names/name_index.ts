/**
 * Reads the index of a name: the list of publishers that publish under this name. Anybody may write the
 * index, so only entries with a valid signature of their publisher count. `write_name_index.ts` writes the
 * index.
 *
 * The index is divided into several slots. Each slot is a DHT record, and the public key of a publisher
 * determines its slot. The key and target of each record change every day (UTC), so readers look up the
 * records of today and yesterday.
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
import { describeRevocation, type Trust } from "../trust/mod.ts";
import { hasPossibleTimes } from "./name_entry.ts";

/**
 * Looks up single records. A command does this through the control socket; the host calls the DHT manager
 * directly.
 */
export interface IndexReader {
  lookUp(key: ItemKey, signal?: AbortSignal): Promise<RecordLookup>;
  /** Knowledge of publishers' keys in this home. Entries of revoked keys are dropped. */
  readonly trust?: Trust;
}

/** Result of reading the requested slots of a name's index. */
export interface ReadIndex {
  /** Entries whose signatures are valid and whose times are possible. */
  entries: NameIndexEntry[];
  /**
   * Entries by revoked keys, of publishers that have no other entry. Such an entry proves nothing but that
   * the publisher has used the name: whoever has stolen a key can put a newer entry in place of the
   * publisher's. What the publisher offers is decided by its keys in force.
   */
  byRevokedKey: NameIndexEntry[];
  /** One message for each dropped entry, with the reason. */
  dropped: string[];
  /**
   * Number of dropped entries that are dated in the future. Either our clock or the publisher's clock is
   * wrong.
   */
  ofFuture: number;
  /** Number of DHT nodes that were asked, summed over all lookups. */
  asked: number;
  /** Number of DHT nodes that answered, summed over all lookups. */
  responded: number;
  lookups: number;
  /**
   * Number of slots that hide publishers, or may do so: with a record that others than libreseed have
   * written, or that is locked, since its `seq` lies in the future, or that has no room for more entries.
   */
  spoilt: number;
}

/** Creates a reader for a command, which looks records up through the host. */
export function indexReader(operations: Pick<Operations, "lookUp">, trust?: Trust): IndexReader {
  return { lookUp: (key, signal) => lookUpRecord(operations, key, signal), trust };
}

/** Returns the key pair and the DHT item key of one slot of a name's index. Both depend on the day. */
export function placeOf(name: string, slot: number, day: number) {
  const keys = nameIndexKeyPair(name, day);
  return { keys, key: { publicKey: keys.publicKey, salt: nameIndexSalt(name, slot) } };
}

const ALL_SLOTS = Array.from({ length: NAME_INDEX_SLOTS }, (_, slot) => slot);

/**
 * Reads the records of today and yesterday of a name's index.
 *
 * @param slots slots to read, by default all; a publisher has its entry in only one slot
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
  const none = {
    byRevokedKey: [],
    dropped: [],
    ofFuture: 0,
    asked: 0,
    responded: 0,
    lookups: 0,
    spoilt: 0,
  };
  const sum: ReadIndex = { entries: [], ...none };
  for (const { entries, byRevokedKey, dropped, ofFuture, lookups, isSpoilt } of read) {
    sum.entries.push(...entries);
    sum.byRevokedKey.push(...byRevokedKey);
    sum.dropped.push(...dropped);
    sum.ofFuture += ofFuture;
    if (isSpoilt) sum.spoilt++;
    for (const { asked, responded } of lookups) {
      sum.lookups++;
      sum.asked += asked;
      sum.responded += responded;
    }
  }
  return sum;
}

/** Result of reading one slot of a name's index. */
export interface SlotReading {
  entries: NameIndexEntry[];
  /** As in {@linkcode ReadIndex}. */
  byRevokedKey: NameIndexEntry[];
  dropped: string[];
  /** Number of entries with a valid signature that are dated in the future. */
  ofFuture: number;
  /** Today's record of the slot. Nodes may have different versions of the record, so there may be several. */
  today: MutableItem[];
  lookups: RecordLookup[];
  /** See {@linkcode ReadIndex.spoilt}. */
  isSpoilt: boolean;
}

/**
 * Reads the records of today and yesterday of one slot. Merges their entries with the entries in `own`,
 * which this home keeps.
 */
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
  // Older versions of the record are merged, too, since a newer version may lack some entries of an older
  // version.
  const lists = shown.flat().map((item) => entriesOf(item, dropped));
  const isForeign = dropped.length > 0 || shown.flat().some(({ seq }) => isOfFuture(seq, nowMs));
  // Entries that do not count must not take part in the merging: a thief's entry could be the newest.
  const timed = lists.map((list) => timely(list, nowMs, dropped));
  const good = timed.map((list) => unrevoked(list, reader.trust, dropped));
  const late = lists.flat().filter(({ timestampMs }) => isOfFuture(timestampMs, nowMs));
  // Several nodes and both days may have copies of an entry. Each entry is counted once.
  const copies = new Map(late.map((entry) => [toHex(entry.signature), entry]));
  const ofFuture = [...copies.values()].filter((entry) => verifyNameIndexEntry(name, entry)).length;
  const merged = mergeNameIndex(name, slot, ...good, unrevoked(timely(own, nowMs), reader.trust));
  for (const { entry, reason } of merged.dropped) dropped.push(`${describe(entry)}: ${reason}`);
  const { entries } = merged;
  const counted = new Set([...entries, ...merged.cut].map(({ publicKey }) => toHex(publicKey)));
  const revoked = timed.flatMap((list, i) => list.filter((entry) => !good[i]!.includes(entry)))
    .filter(({ publicKey }) => !counted.has(toHex(publicKey)));
  const { entries: byRevokedKey } = mergeNameIndex(name, slot, revoked);
  const isSpoilt = isForeign || merged.dropped.length > 0 || merged.isFull;
  return { entries, byRevokedKey, dropped, ofFuture, today: shown[0]!, lookups, isSpoilt };
}

/**
 * Returns the entries of an index record. If the record does not decode, returns no entries and appends the
 * reason to `dropped`.
 */
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

/** Returns the entries whose times are possible. Appends a message about each other entry to `dropped`. */
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

/** Returns the entries whose keys are not revoked. Appends a message about each other entry to `dropped`. */
export function unrevoked(
  entries: readonly NameIndexEntry[],
  trust: Trust | undefined,
  dropped: string[] = [],
): NameIndexEntry[] {
  return entries.filter((entry) => {
    const { publicKey, certificate } = entry;
    const revocation = trust?.revocationOfKey(publicKey, certificate?.key ?? publicKey);
    if (revocation) dropped.push(`${describe(entry)}: ${describeRevocation(revocation)}`);
    return !revocation;
  });
}

function describe({ publicKey, version }: NameIndexEntry): string {
  return `entry of ${formatPublicKey(publicKey)} for version ${version}`;
}
