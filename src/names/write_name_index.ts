/**
 * Writes one slot of a name's index with optimistic concurrency: read, merge, put on condition that the
 * record is unchanged, and retry with random back-off after a concurrent write.
 *
 * @module
 */

import { type Clock, delay, equalBytes, isOfFuture } from "../base/mod.ts";
import type { GetOutcome, ItemKey, PutOutcome, PutTerms } from "../dht/mod.ts";
import { recordLookup } from "../fetching/mod.ts";
import {
  dayOf,
  encodeNameIndex,
  mergeNameIndex,
  type MutableItem,
  type NameIndexEntry,
  nextSeq,
  signItem,
} from "../records/mod.ts";
import { NamesError } from "./errors.ts";
import { entriesOf, type IndexReader, placeOf, readSlot, timely } from "./name_index.ts";

/** The part of the DHT manager that an index needs. */
export interface ItemManager {
  /** Whether the DHT was available a moment ago; `undefined` if unknown. */
  readonly hasDht?: boolean;
  get(key: ItemKey, signal?: AbortSignal): Promise<GetOutcome>;
  put(item: MutableItem, signal?: AbortSignal, terms?: PutTerms): Promise<PutOutcome>;
}

/** Reads and writes the records of an index, as the owner of the engine. */
export interface IndexStore extends IndexReader, Pick<ItemManager, "hasDht" | "put"> {}

/** The store over a DHT manager. */
export function indexStore(manager: ItemManager): IndexStore {
  return {
    get hasDht() {
      return manager.hasDht;
    },
    lookUp: async (key, signal) => recordLookup(await manager.get(key, signal)),
    put: (item, signal, terms) => manager.put(item, signal, terms),
  };
}

/** A slot of an index after a write. */
export interface WrittenIndex {
  item: MutableItem;
  outcome: PutOutcome;
  entries: NameIndexEntry[];
  /** A message about each dropped entry and its reason. */
  dropped: string[];
}

/** Options of {@linkcode writeNameIndex}. */
export interface WriteOptions {
  clock: Clock;
  signal?: AbortSignal;
  /** Returns 0 (inclusive) to 1 (exclusive). */
  random?: () => number;
}

/** Most tries; more concurrent writes of one slot are not plausible. */
const MAX_TRIES = 12;
/** Longest back-off before the second try (ms); it doubles with each try. */
const FIRST_PAUSE_MS = 100;
/** Longest back-off before any try (ms). */
const LONGEST_PAUSE_MS = 3_000;
/**
 * Age from which an unchanged index gets a new `seq` (ms). Some nodes do not extend the life of an item
 * that is put again with the same `seq`.
 */
const RENEW_AFTER_MS = 30 * 60_000;

/**
 * Writes entries into one slot of a name's index, merged with the valid entries that are there.
 *
 * @param own entries that this home keeps
 * @throws {NamesError} `NAME_INDEX_LOCKED` (kind `failed`) if an attacker has put the highest `seq`, until
 * the target changes at midnight UTC; `NAME_INDEX_BUSY` if a concurrent write won every try
 */
export async function writeNameIndex(
  store: IndexStore,
  name: string,
  slot: number,
  own: readonly NameIndexEntry[],
  { clock, signal, random = Math.random }: WriteOptions,
): Promise<WrittenIndex> {
  /** Items that won earlier tries; the next lookup may miss them. */
  const missed: MutableItem[] = [];
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (tries > 0) await delay(clock, backOffMs(tries, random), signal);
    const nowMs = clock.now();
    const { keys, key } = placeOf(name, slot, dayOf(nowMs));
    const read = await readSlot(store, name, slot, nowMs, signal, own);
    // An aborted lookup is incomplete; a put based on it could remove entries.
    signal?.throwIfAborted();
    const listed = missed.flatMap((item) => timely(entriesOf(item), nowMs));
    const { entries } = mergeNameIndex(name, slot, read.entries, listed, timely(own, nowMs));
    const value = encodeNameIndex(entries);
    // After midnight the earlier items belong to yesterday's key.
    const missedToday = missed.filter(({ publicKey }) => equalBytes(publicKey, key.publicKey));
    const known = [...read.today, ...missedToday].sort((a, b) => b.seq - a.seq);
    const [today] = known;
    const stays = today !== undefined && equalBytes(today.value, value) && !isRenewed(today, nowMs);
    const item = stays
      ? today
      : signItem(keys, { salt: key.salt, value, seq: followingSeq(name, nowMs, today) });
    const outcome = await store.put(item, signal, { basedOn: known.map(({ seq }) => seq) });
    const { superseded, conflict } = outcome;
    if (!superseded && !conflict) return { item, outcome, entries, dropped: read.dropped };
    missed.push(...[superseded, conflict].filter((one) => one !== undefined));
  }
  throw new NamesError(
    "failed",
    "NAME_INDEX_BUSY",
    `Other publishers wrote the index of ${name} during each of ${MAX_TRIES} tries. Try again`,
  );
}

/** Whether an unchanged index gets a new `seq`; the largest `seq` has no successor. */
function isRenewed({ seq }: MutableItem, nowMs: number): boolean {
  return (nowMs - seq >= RENEW_AFTER_MS || isOfFuture(seq, nowMs)) && seq < Number.MAX_SAFE_INTEGER;
}

/** Random back-off with full jitter, up to an exponentially growing limit. */
function backOffMs(tries: number, random: () => number): number {
  return Math.round(random() * Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS));
}

function followingSeq(name: string, nowMs: number, today: MutableItem | undefined): number {
  try {
    return nextSeq(nowMs, today?.seq);
  } catch (cause) {
    throw new NamesError(
      "failed",
      "NAME_INDEX_LOCKED",
      `Today's index of ${name} is locked: it has the highest possible sequence number. It opens again at midnight UTC; until then the package is found by its publisher's key`,
      { cause },
    );
  }
}
