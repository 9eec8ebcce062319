/**
 * Writes one slot of a name's index with optimistic concurrency: reads the record, merges entries, and puts
 * the record on condition that it is unchanged. After a concurrent write, retries with random back-off.
 *
 * @module
 */

import { type Clock, delay, equalBytes, isOfFuture } from "../base/mod.ts";
import type { GetOutcome, ItemKey, PutOutcome, PutTerms } from "../dht/mod.ts";
import { type RecordLookup, recordLookup } from "../fetching/mod.ts";
import {
  dayOf,
  encodeNameIndex,
  mergeNameIndex,
  type MutableItem,
  type NameIndexEntry,
  nextSeq,
  signItem,
} from "../records/mod.ts";
import type { Trust } from "../trust/mod.ts";
import { NamesError } from "./errors.ts";
import { entriesOf, type IndexReader, placeOf, readSlot, timely, unrevoked } from "./name_index.ts";

/** Methods of the DHT manager that are needed to read and write an index. */
export interface ItemManager {
  /** Whether the DHT was available a moment ago; `undefined` if not known. */
  readonly hasDht?: boolean;
  get(key: ItemKey, signal?: AbortSignal): Promise<GetOutcome>;
  put(item: MutableItem, signal?: AbortSignal, terms?: PutTerms): Promise<PutOutcome>;
}

/**
 * Reads and writes the records of name indexes. Only the host can create such a store, because it needs
 * the DHT manager.
 */
export interface IndexStore extends IndexReader, Pick<ItemManager, "hasDht" | "put"> {}

/** Creates a store of name indexes that uses the given DHT manager. */
export function indexStore(manager: ItemManager, trust?: Trust): IndexStore {
  return {
    get hasDht() {
      return manager.hasDht;
    },
    trust,
    lookUp: async (key, signal) => recordLookup(await manager.get(key, signal)),
    put: (item, signal, terms) => manager.put(item, signal, terms),
  };
}

/** Result of writing one slot of a name's index. */
export interface WrittenIndex {
  item: MutableItem;
  outcome: PutOutcome;
  entries: NameIndexEntry[];
  /** One message for each dropped entry, with the reason. */
  dropped: string[];
  /** Whether the index was found fresh, and so was not written; see {@linkcode WriteOptions}. */
  isFresh: boolean;
  /** Number of packets that were sent in each DHT, on average. */
  packets: number;
}

/** Options of {@linkcode writeNameIndex}. */
export interface WriteOptions {
  clock: Clock;
  signal?: AbortSignal;
  /** Returns a random number from 0 inclusive to 1 exclusive. */
  random?: () => number;
  /**
   * Age up to which an index that has all entries, and that enough nodes hold, is left as it is (ms).
   * Absent for an index that is written in any case.
   */
  leaveFreshMs?: number;
  /** Sequence number of an index that this home has written last. It is not left: this home goes on. */
  writtenSeq?: number;
}

/**
 * Maximum number of attempts to write a slot. Each failed attempt means a concurrent write of the same
 * slot, and more concurrent writes are implausible.
 */
const MAX_TRIES = 12;
/** Maximum back-off before the second attempt (ms). The maximum doubles with each further attempt. */
const FIRST_PAUSE_MS = 100;
/** Upper bound of the back-off before every attempt (ms). */
const LONGEST_PAUSE_MS = 3_000;
/** Number of nodes that have to hold an index that is left as it is. */
const FRESH_HOLDERS = 4;
/**
 * Age after which an unchanged index gets a new `seq` (ms). Without a new `seq`, some DHT nodes do not
 * extend the lifetime of an item that is put again.
 */
const RENEW_AFTER_MS = 30 * 60_000;

/**
 * Merges entries with the valid entries of a slot of a name's index, and writes the slot.
 *
 * @param own entries that this home keeps
 * @throws {NamesError} `NAME_INDEX_LOCKED` (kind `failed`) if an attacker has put the record with the
 * highest possible `seq`, which blocks writes until nodes forget the record or the target changes;
 * `NAME_INDEX_BUSY` if another machine wrote the slot during every attempt
 */
export async function writeNameIndex(
  store: IndexStore,
  name: string,
  slot: number,
  own: readonly NameIndexEntry[],
  { clock, signal, random = Math.random, leaveFreshMs, writtenSeq }: WriteOptions,
): Promise<WrittenIndex> {
  /**
   * Versions of the record by other machines that superseded earlier attempts. The next lookup may not
   * find these versions yet.
   */
  const missed: MutableItem[] = [];
  let packets = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (tries > 0) await delay(clock, backOffMs(tries, random), signal);
    const nowMs = clock.now();
    const { keys, key } = placeOf(name, slot, dayOf(nowMs));
    const read = await readSlot(store, name, slot, nowMs, signal, own);
    // An aborted lookup may miss entries, so writing its result would remove entries from the index.
    signal?.throwIfAborted();
    packets += read.lookups.reduce((sum, one) => sum + (one.packets ?? one.asked), 0);
    const counting = (entries: readonly NameIndexEntry[]) =>
      unrevoked(timely(entries, nowMs), store.trust);
    const listed = missed.flatMap((item) => counting(entriesOf(item)));
    const { entries } = mergeNameIndex(name, slot, read.entries, listed, counting(own));
    const value = encodeNameIndex(entries);
    // Records that superseded an attempt before midnight UTC have yesterday's key and do not compete with
    // today's record.
    const missedToday = missed.filter(({ publicKey }) => equalBytes(publicKey, key.publicKey));
    const known = [...read.today, ...missedToday].sort((a, b) => b.seq - a.seq);
    const [today] = known;
    const { dropped } = read;
    const [lookup] = read.lookups;
    const isSame = today !== undefined && equalBytes(today.value, value);
    const isOthers = isSame && today.seq !== writtenSeq;
    if (isOthers && lookup && isLeft(today, lookup, nowMs, leaveFreshMs)) {
      const outcome = unwritten(lookup);
      return { item: today, outcome, entries, dropped, isFresh: true, packets };
    }
    const stays = today !== undefined && equalBytes(today.value, value) && !isRenewed(today, nowMs);
    const item = stays ? today : await signItem(keys, {
      salt: key.salt,
      value,
      seq: followingSeq(name, slot, nowMs, today),
    });
    const outcome = await store.put(item, signal, { basedOn: known.map(({ seq }) => seq) });
    const { superseded, conflict } = outcome;
    packets += outcome.packets ?? outcome.stored;
    if (!superseded && !conflict) {
      return { item, outcome, entries, dropped, isFresh: false, packets };
    }
    missed.push(...[superseded, conflict].filter((one) => one !== undefined));
  }
  throw new NamesError(
    "failed",
    "NAME_INDEX_BUSY",
    `Other publishers wrote the index of ${name} during each of ${MAX_TRIES} tries. Try again`,
  );
}

/** Whether an index that has all entries is left as it is. */
function isLeft(
  { seq }: MutableItem,
  { holding }: RecordLookup,
  nowMs: number,
  leaveFreshMs: number | undefined,
): boolean {
  if (leaveFreshMs === undefined || isOfFuture(seq, nowMs)) return false;
  return nowMs - seq < leaveFreshMs && holding >= FRESH_HOLDERS;
}

/** Returns the outcome of a write that was not necessary. */
function unwritten({ asked, responded, holding, errors }: RecordLookup): PutOutcome {
  const nothing = { stored: 0, superseded: undefined, conflict: undefined };
  return { asked, responded, holding, errors, weak: false, needsRetry: false, ...nothing };
}

/**
 * Whether an unchanged index needs a new `seq`, because the old `seq` has aged or lies in the future.
 * Returns `false` if the old `seq` is the largest possible number.
 */
function isRenewed({ seq }: MutableItem, nowMs: number): boolean {
  return (nowMs - seq >= RENEW_AFTER_MS || isOfFuture(seq, nowMs)) && seq < Number.MAX_SAFE_INTEGER;
}

/** Returns a back-off with full jitter: a random pause below a limit that grows exponentially. */
function backOffMs(tries: number, random: () => number): number {
  return Math.round(random() * Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS));
}

function followingSeq(
  name: string,
  slot: number,
  nowMs: number,
  today: MutableItem | undefined,
): number {
  try {
    return nextSeq(nowMs, today?.seq);
  } catch (cause) {
    throw new NamesError(
      "failed",
      "NAME_INDEX_LOCKED",
      `Slot ${slot} of the index of ${name} is locked: it was written with the highest possible ` +
        "sequence number, so that no further write is accepted. The name is found at its rendezvous, while a " +
        "daemon of its publisher or of a mirror runs, and the package by its publisher's key",
      { cause, detail: { name, slot } },
    );
  }
}
