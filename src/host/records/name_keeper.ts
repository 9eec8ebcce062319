/**
 * Keeps the name index alive for the names that this home publishes or seeds. The record's place and
 * key change every day, so it cannot be announced again as it is: each time it is read, merged and
 * written anew. Needs no publisher's key, for the entries are kept signed.
 *
 * @module
 */

import { type Clock, every, LibreseedError, type Timer, toHex } from "../../base/mod.ts";
import type { PutOutcome } from "../../dht/mod.ts";
import {
  EntryTimes,
  hasPossibleTimes,
  type IndexStore,
  readNameIndex,
  warnOfFutureEntries,
  writeNameIndex,
  type WrittenIndex,
} from "../../names/mod.ts";
import {
  dayOf,
  decodeNameIndex,
  encodeNameIndex,
  type NameIndexEntry,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  targetOf,
} from "../../records/mod.ts";
import type { StateDatabase, StoredRecord } from "../../store/mod.ts";

/** Options of {@linkcode NameKeeper}. */
export interface NameKeeperOptions {
  state: StateDatabase;
  store: IndexStore;
  clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  random?: () => number;
  intervalMs: () => number;
  onWarning: (message: string) => void;
}

/** What became of writing one name's index. */
export interface NameOutcome {
  name: string;
  targetHex: string;
  outcome: PutOutcome;
  /** Entries of others that were left out, and why. */
  dropped: string[];
  /** The publishers that are in it now, 32 bytes each. */
  publicKeys: Uint8Array[];
}

/** One slot of the index of a name. */
interface KeptName {
  name: string;
  slot: number;
}

/** When the index of a name is due, Unix milliseconds. */
interface DueName extends KeptName {
  /** The day at whose place it was written last. */
  day?: number;
  nextDueMs: number;
  lastAttemptMs: number;
}

/** How often to look whether something is due, milliseconds. */
const TICK_MS = 30_000;
const RETRY_MS = 60_000;
const DAY_MS = 86_400_000;
const SPREAD = 0.1;
/** How many names are written at once. */
const LANES = 4;
/** Rows of `state.db`: an index as it was written last, with everybody in it. */
const INDEX = "name-index";
/**
 * Rows of `state.db`: an entry that stays in the index even if others drop it. It lies under its
 * publisher's key and the index's salt, and its `seq` is its time.
 */
const ENTRY = "name-entry";

/** The names of one home. */
export class NameKeeper {
  readonly #options: NameKeeperOptions;
  readonly #stopped = new AbortController();
  /** The last write of each index: a second one waits for it, so that they do not race each other. */
  readonly #writing = new Map<string, Promise<unknown>>();
  /** All names, loaded at the first tick: a write of one name does not need thousands of others. */
  #names: Map<string, DueName> | undefined;
  readonly #times: EntryTimes;
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;

  constructor(options: NameKeeperOptions) {
    this.#options = options;
    this.#times = new EntryTimes(options.clock, options.onWarning);
  }

  /** Keeps the names alive from now on: the daemon's work. */
  start(): void {
    warnOfFutureEntries(this.#options);
    this.#timer = every(this.#options.clock, TICK_MS, () => this.#tick());
    this.#tick();
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#working;
  }

  /** The entry of a publisher that is kept in the index of a name. */
  entry(name: string, publicKey: Uint8Array): NameIndexEntry | undefined {
    const row = this.#options.state.records.get(entryTarget(name, publicKey));
    return row && entriesOf(row)[0];
  }

  /**
   * Writes an entry into the index of a name, and keeps it there from now on: if this fails, it is
   * tried again.
   *
   * @throws {HostError} `ENTRY_TIME_WRONG`, and see {@linkcode writeNameIndex}
   */
  async add(name: string, entry: NameIndexEntry, signal?: AbortSignal): Promise<NameOutcome> {
    this.keep(name, entry);
    return await this.#write({ name, slot: nameIndexSlot(entry.publicKey) }, signal);
  }

  /**
   * Keeps an entry in the index of a name from now on. It is due at once, which {@linkcode start} and
   * {@linkcode refresh} see to.
   *
   * @returns the target of the index, 40 hexadecimal digits
   */
  keep(name: string, entry: NameIndexEntry): string {
    const { state, clock } = this.#options;
    const { publicKey, version, timestampMs, signature } = entry;
    const slot = nameIndexSlot(publicKey);
    const target = entryTarget(name, publicKey);
    const salt = nameIndexSalt(name, slot);
    state.transaction(() => {
      // The newer of two stays, and one of the future would stay for as long as the clock was ahead.
      const before = this.entry(name, publicKey);
      if (before && !hasPossibleTimes(before, clock.now())) state.records.delete(target);
      state.records.put({
        target,
        kind: ENTRY,
        name,
        version,
        item: { publicKey, salt, seq: timestampMs, value: encodeNameIndex([entry]), signature },
        own: true,
        createdMs: clock.now(),
      });
    });
    const kept = this.#names;
    const id = idOf({ name, slot });
    if (kept && !kept.has(id)) kept.set(id, { name, slot, nextDueMs: 0, lastAttemptMs: 0 });
    return toHex(indexTarget({ name, slot }, dayOf(clock.now())));
  }

  /** Keeps the entry of somebody else's package, if the index has one; returns whether it is kept. */
  async adopt(name: string, publicKey: Uint8Array): Promise<boolean> {
    if (this.entry(name, publicKey)) return true;
    const { store, clock } = this.#options;
    const { entries } = await readNameIndex(store, name, clock, this.#stopped.signal);
    const entry = entries.find((one) => toHex(one.publicKey) === toHex(publicKey));
    if (entry) await this.add(name, entry);
    return entry !== undefined;
  }

  /** Writes the index of some of the names that are kept, due or not; of all, if none is given. */
  async refresh(
    names: readonly string[],
    onOutcome: (outcome: NameOutcome | { name: string; error: unknown }) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const kept of [...this.#kept().values()]) {
      if (names.length > 0 && !names.includes(kept.name)) continue;
      if (signal?.aborted) return;
      try {
        onOutcome(await this.#write(kept, signal));
      } catch (error) {
        onOutcome({ name: kept.name, error });
      }
    }
  }

  /** No longer keeps a name of which this home has no package any more. */
  forget(name: string): void {
    const { state } = this.#options;
    state.transaction(() => {
      for (const row of this.#rows(name)) {
        state.records.delete(row.target);
        state.outcomes.delete(row.target);
      }
    });
    this.#names = undefined;
  }

  #rows(name?: string): StoredRecord[] {
    const { records } = this.#options.state;
    return [...records.list({ kind: INDEX, name }), ...records.list({ kind: ENTRY, name })];
  }

  #kept(): Map<string, DueName> {
    if (this.#names) return this.#names;
    this.#names = new Map();
    for (
      const { kind, name, version, publicKey, ...times } of this.#options.state.records.names()
    ) {
      const slot = slotOf(kind, version, publicKey);
      const { createdMs, nextDueMs = 0, lastAttemptMs = 0 } = times;
      const id = idOf({ name, slot });
      const isIndex = kind === INDEX;
      const before = this.#names.get(id);
      if (before && (!isIndex || (before.day ?? 0) > dayOf(createdMs))) continue;
      const day = isIndex ? dayOf(createdMs) : undefined;
      this.#names.set(id, { name, slot, day, nextDueMs, lastAttemptMs });
    }
    return this.#names;
  }

  /** Notes when an index was tried and is due again. */
  #plan(kept: KeptName, nowMs: number, nextDueMs: number): void {
    const { name, slot } = kept;
    const times = { day: dayOf(nowMs), nextDueMs, lastAttemptMs: nowMs };
    this.#names?.set(idOf(kept), { name, slot, ...times });
  }

  async #write(kept: KeptName, signal?: AbortSignal): Promise<NameOutcome> {
    const id = idOf(kept);
    const before = this.#writing.get(id);
    const mine = (async () => {
      await before?.catch(() => {});
      return await this.#writeNow(kept, signal);
    })();
    this.#writing.set(id, mine);
    try {
      return await mine;
    } finally {
      if (this.#writing.get(id) === mine) this.#writing.delete(id);
    }
  }

  async #writeNow({ name, slot }: KeptName, signal?: AbortSignal): Promise<NameOutcome> {
    const { store, clock, random } = this.#options;
    const rows = this.#rows(name)
      .filter(({ kind, version, item }) => slotOf(kind, version, item.publicKey) === slot);
    const kept = rows.flatMap(entriesOf);
    const signals = [this.#stopped.signal, ...(signal ? [signal] : [])];
    const options = { clock, random, signal: AbortSignal.any(signals) };
    try {
      this.#times.check(name, rows.filter(({ kind }) => kind === ENTRY).flatMap(entriesOf));
      const written = await writeNameIndex(store, name, slot, kept, options);
      const { item, outcome, entries, dropped } = written;
      this.#settle({ name, slot }, rows, written);
      const publicKeys = entries.map(({ publicKey }) => publicKey);
      const targetHex = toHex(targetOf(item.publicKey, item.salt));
      return { name, targetHex, outcome, dropped, publicKeys };
    } catch (error) {
      if (!options.signal.aborted) this.#postpone({ name, slot }, error);
      throw error;
    }
  }

  #settle({ name, slot }: KeptName, rows: StoredRecord[], { item, outcome }: WrittenIndex): void {
    const { state, clock } = this.#options;
    const target = targetOf(item.publicKey, item.salt);
    const atMs = clock.now();
    const good = outcome.holding > 0;
    const nextDueMs = atMs + (good ? this.#pauseMs() : RETRY_MS);
    state.transaction(() => {
      for (const row of rows.filter(({ kind }) => kind === INDEX)) {
        // Yesterday's place, or another list in today's: what is good of them is in the new one.
        state.records.delete(row.target);
        state.outcomes.delete(row.target);
      }
      state.outcomes.delete(indexTarget({ name, slot }, dayOf(atMs) - 1));
      state.records.put({
        item,
        target,
        kind: INDEX,
        name,
        version: String(slot),
        own: true,
        createdMs: atMs,
      });
      state.outcomes.set({
        target,
        lastAttemptMs: atMs,
        lastSuccessMs: good ? atMs : undefined,
        holding: outcome.holding,
        asked: outcome.asked,
        responded: outcome.responded,
        stored: outcome.stored,
        error: good ? undefined : "no DHT node holds it",
        failures: good ? 0 : 1,
        nextDueMs,
      });
    });
    this.#plan({ name, slot }, atMs, nextDueMs);
  }

  #pauseMs(): number {
    const random = this.#options.random ?? Math.random;
    return Math.round(this.#options.intervalMs() * (1 + SPREAD * (2 * random() - 1)));
  }

  #postpone(kept: KeptName, error: unknown): void {
    const { state, clock } = this.#options;
    const nowMs = clock.now();
    const target = indexTarget(kept, dayOf(nowMs));
    const before = state.outcomes.get(target);
    // Locked, it stays so all day; tomorrow's place has no outcome yet, and is due at once.
    const code = error instanceof LibreseedError ? error.code : undefined;
    const nextDueMs = code === "NAME_INDEX_LOCKED"
      ? (dayOf(nowMs) + 1) * DAY_MS
      : nowMs + (code === "ENTRY_TIME_WRONG" ? this.#pauseMs() : RETRY_MS);
    state.outcomes.set({
      target,
      lastSuccessMs: before?.lastSuccessMs,
      lastAttemptMs: nowMs,
      holding: before?.holding ?? 0,
      asked: 0,
      responded: 0,
      stored: 0,
      error: (error as Error).message,
      failures: (before?.failures ?? 0) + 1,
      nextDueMs,
    });
    this.#plan(kept, nowMs, nextDueMs);
  }

  #tick(): void {
    if (this.#stopped.signal.aborted || this.#working) return;
    // What is due waits until there is a DHT.
    if (this.#options.store.hasDht === false) return;
    this.#working = this.#refreshDue()
      .catch((error) => this.#warn(error))
      .finally(() => this.#working = undefined);
  }

  async #refreshDue(): Promise<void> {
    const due = [...this.#kept().values()].filter((kept) => this.#isDue(kept));
    const lane = async () => {
      for (let kept = due.shift(); kept; kept = due.shift()) {
        if (this.#stopped.signal.aborted) return;
        try {
          await this.#write(kept);
        } catch (error) {
          this.#warn(error);
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  /** At midnight the record is dark until somebody writes it at its new place. */
  #isDue({ day, nextDueMs, lastAttemptMs }: DueName): boolean {
    const nowMs = this.#options.clock.now();
    // An attempt that is yet to come was made with a clock that has been set back since.
    if (day !== dayOf(nowMs) || nextDueMs <= nowMs || lastAttemptMs > nowMs) return true;
    // The interval may have become shorter since the next time was set. A locked index waits for
    // midnight, whatever the interval.
    const isLocked = nextDueMs === (day + 1) * DAY_MS;
    return !isLocked && lastAttemptMs + this.#options.intervalMs() * (1 + SPREAD) < nowMs;
  }

  #warn(error: unknown): void {
    if (this.#stopped.signal.aborted) return;
    if (error instanceof LibreseedError && error.kind === "network") return;
    this.#options.onWarning((error as Error).message);
  }
}

function idOf({ name, slot }: KeptName): string {
  return `${slot}/${name}`;
}

function slotOf(kind: string, version: string | undefined, publicKey: Uint8Array): number {
  return kind === ENTRY ? nameIndexSlot(publicKey) : Number(version);
}

function entryTarget(name: string, publicKey: Uint8Array): Uint8Array {
  return targetOf(publicKey, nameIndexSalt(name, nameIndexSlot(publicKey)));
}

function indexTarget({ name, slot }: KeptName, day: number): Uint8Array {
  return targetOf(nameIndexKeyPair(name, day).publicKey, nameIndexSalt(name, slot));
}

function entriesOf({ item }: StoredRecord): NameIndexEntry[] {
  return decodeNameIndex(item.value).entries;
}
