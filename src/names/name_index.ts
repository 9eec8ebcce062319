/**
 * Reading and writing the index of a name: who publishes under it. Anybody may write the record, so
 * nothing in it is believed that its publisher has not signed, and writing is reading, merging,
 * putting, and starting over if somebody else was faster.
 *
 * @module
 */

import { type Clock, delay, equalBytes, isOfFuture, toHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { GetOutcome, ItemKey, PutOutcome, PutTerms } from "../dht/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import {
  dayOf,
  decodeNameIndex,
  encodeNameIndex,
  mergeNameIndex,
  type MutableItem,
  NAME_INDEX_SLOTS,
  type NameIndexEntry,
  nameIndexKeyPair,
  nameIndexSalt,
  nextSeq,
  RecordError,
  signItem,
  verifyNameIndexEntry,
} from "../records/mod.ts";
import { NamesError } from "./errors.ts";
import { hasPossibleTimes } from "./name_entry.ts";

/** The part of the DHT manager that this needs. */
export interface ItemStore {
  /** Whether there was a DHT a moment ago; `undefined` where that is not known. */
  readonly hasDht?: boolean;
  get(key: ItemKey, signal?: AbortSignal): Promise<GetOutcome>;
  put(item: MutableItem, signal?: AbortSignal, terms?: PutTerms): Promise<PutOutcome>;
}

/** An index as it was read. */
export interface ReadIndex {
  /** Entries whose signatures hold, of all slots that were read. */
  entries: NameIndexEntry[];
  /** What was left out and why, for people. */
  dropped: string[];
  /** How many of those are dated in the future: one of two clocks is wrong. */
  ofFuture: number;
  /** DHT nodes that were asked and that answered, over all lookups. */
  asked: number;
  responded: number;
  lookups: number;
}

/** An index as it was written. */
export interface WrittenIndex {
  item: MutableItem;
  outcome: PutOutcome;
  entries: NameIndexEntry[];
  dropped: string[];
}

/** Options of {@linkcode writeNameIndex}. */
export interface WriteOptions {
  clock: Clock;
  signal?: AbortSignal;
  /** 0 inclusive to 1 exclusive. */
  random?: () => number;
}

/** Others may write the same record at the same moment; after so many tries something is wrong. */
const MAX_TRIES = 12;
/** Whoever was slower waits up to so long before the next try, and up to twice as long each time. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;
/**
 * Put so long ago, an index that is to stay as it is gets a new `seq`: not every node takes a put of
 * the same one for a reason to keep it for longer.
 */
const RENEW_AFTER_MS = 30 * 60_000;

/** Reads through whoever owns the engine; an index is written by the owner itself. */
export function lookUpStore(operations: Operations): ItemStore {
  return {
    get: (key, signal) => operations.lookUp(key, { signal }),
    put: () => Promise.reject(new Error("An index is written by the engine's owner")),
  };
}

/** Where the index of a name lies today. */
function placeOf(name: string, slot: number, day: number) {
  const keys = nameIndexKeyPair(name, day);
  return { keys, key: { publicKey: keys.publicKey, salt: nameIndexSalt(name, slot) } };
}

const ALL_SLOTS = Array.from({ length: NAME_INDEX_SLOTS }, (_, slot) => slot);

/**
 * Reads a name's index, of today and yesterday.
 *
 * @param slots which of them; a publisher's entry lies in one
 */
export async function readNameIndex(
  store: ItemStore,
  name: string,
  clock: Clock,
  signal?: AbortSignal,
  slots: readonly number[] = ALL_SLOTS,
): Promise<ReadIndex> {
  const nowMs = clock.now();
  const read = await Promise.all(slots.map((slot) => readSlot(store, name, slot, nowMs, signal)));
  const none = { dropped: [], ofFuture: 0, asked: 0, responded: 0, lookups: 0 };
  const sum: ReadIndex = { entries: [], ...none };
  for (const { entries, dropped, ofFuture, outcomes } of read) {
    sum.entries.push(...entries);
    sum.dropped.push(...dropped);
    sum.ofFuture += ofFuture;
    for (const { asked, responded } of outcomes) {
      sum.lookups++;
      sum.asked += asked;
      sum.responded += responded;
    }
  }
  return sum;
}

/**
 * Writes entries into one slot of a name's index, together with whatever good entries are there. If
 * somebody else writes at the same moment, reads again and merges again.
 *
 * @throws {NamesError} `NAME_INDEX_LOCKED` (kind `failed`) if a vandal has put a `seq` that none can
 * follow; the place of the record changes at midnight UTC. `NAME_INDEX_BUSY` if others were faster
 * every time
 */
export async function writeNameIndex(
  store: ItemStore,
  name: string,
  slot: number,
  own: readonly NameIndexEntry[],
  { clock, signal, random = Math.random }: WriteOptions,
): Promise<WrittenIndex> {
  /** What ended a try: it may not be shown to the next one. */
  const missed: MutableItem[] = [];
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (tries > 0) await delay(clock, pauseMs(tries, random), signal);
    const nowMs = clock.now();
    const { keys, key } = placeOf(name, slot, dayOf(nowMs));
    const read = await readSlot(store, name, slot, nowMs, signal, own);
    // Ended early, a lookup has not seen what is there.
    signal?.throwIfAborted();
    const listed = missed.flatMap((item) => timely(entriesOf(item), nowMs));
    const { entries } = mergeNameIndex(name, slot, read.entries, listed, timely(own, nowMs));
    const value = encodeNameIndex(entries);
    // Midnight may have passed since.
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
    `Others wrote the index of ${name} at the same moment, ${MAX_TRIES} times in a row. Try again`,
  );
}

/** Whether an index that is to stay as it is gets a new `seq`; after the largest there is none. */
function isRenewed({ seq }: MutableItem, nowMs: number): boolean {
  return (nowMs - seq >= RENEW_AFTER_MS || isOfFuture(seq, nowMs)) && seq < Number.MAX_SAFE_INTEGER;
}

function pauseMs(tries: number, random: () => number): number {
  return Math.round(random() * Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS));
}

interface SlotReading {
  entries: NameIndexEntry[];
  dropped: string[];
  /** Signed entries that are dated in the future. */
  ofFuture: number;
  /** The record as it lies there today; on different nodes there may be different ones. */
  today: MutableItem[];
  outcomes: GetOutcome[];
}

async function readSlot(
  store: ItemStore,
  name: string,
  slot: number,
  nowMs: number,
  signal?: AbortSignal,
  own: readonly NameIndexEntry[] = [],
): Promise<SlotReading> {
  const day = dayOf(nowMs);
  const outcomes = await Promise.all(
    [day, day - 1].map((one) => store.get(placeOf(name, slot, one).key, signal)),
  );
  const dropped: string[] = [];
  const shown = outcomes.map(({ item, others }) => item ? [item, ...others] : []);
  // Somebody's entry may be in an older copy only: whoever put the newer one had not seen it.
  const lists = shown.flat().map((item) => entriesOf(item, dropped));
  const good = lists.map((list) => timely(list, nowMs, dropped));
  const late = lists.flat().filter(({ timestampMs }) => isOfFuture(timestampMs, nowMs));
  // Several nodes and days have copies of one entry.
  const copies = new Map(late.map((entry) => [toHex(entry.signature), entry]));
  const ofFuture = [...copies.values()].filter((entry) => verifyNameIndexEntry(name, entry)).length;
  const merged = mergeNameIndex(name, slot, ...good, timely(own, nowMs));
  for (const { entry, reason } of merged.dropped) dropped.push(`${describe(entry)}: ${reason}`);
  return { entries: merged.entries, dropped, ofFuture, today: shown[0]!, outcomes };
}

function entriesOf(item: MutableItem, dropped: string[] = []): NameIndexEntry[] {
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

/** Leaves out what claims a time that cannot be. */
function timely(
  entries: readonly NameIndexEntry[],
  nowMs: number,
  dropped: string[] = [],
): NameIndexEntry[] {
  return entries.filter((entry) => {
    if (hasPossibleTimes(entry, nowMs)) return true;
    dropped.push(`${describe(entry)}: a time that cannot be`);
    return false;
  });
}

function followingSeq(name: string, nowMs: number, today: MutableItem | undefined): number {
  try {
    return nextSeq(nowMs, today?.seq);
  } catch (cause) {
    throw new NamesError(
      "failed",
      "NAME_INDEX_LOCKED",
      `Somebody has locked today's index of ${name} with the highest sequence number there is. It opens again at midnight UTC; until then the package is found by its publisher's key`,
      { cause },
    );
  }
}

function describe({ publicKey, version }: NameIndexEntry): string {
  return `entry of ${formatPublicKey(publicKey)} for version ${version}`;
}
