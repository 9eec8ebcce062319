/**
 * Keeps the indexes of package names alive: of all names that this home publishes or seeds. The DHT target
 * of an index changes every day, so an index cannot be re-announced unchanged: it is read, merged and
 * rewritten. No publisher's private key is needed, because the entries are kept with their signatures.
 *
 * @module
 */

import {
  eachLimited,
  equalBytes,
  every,
  KeyedQueue,
  LibreseedError,
  type Timer,
  toHex,
} from "../../base/mod.ts";
import type { PutOutcome } from "../../dht/mod.ts";
import type { RendezvousCaller } from "../../fetching/mod.ts";
import {
  EntryTimes,
  hasPossibleTimes,
  type IndexStore,
  readName,
  warnOfFutureEntries,
  writeNameIndex,
  type WriteOptions,
  type WrittenIndex,
} from "../../names/mod.ts";
import {
  dayOf,
  encodeNameIndex,
  type NameIndexEntry,
  nameIndexSalt,
  nameIndexSlot,
  targetOf,
} from "../../records/mod.ts";
import type { StateDatabase, StoredRecord } from "../../store/mod.ts";
import {
  entriesOf,
  ENTRY,
  entryTarget,
  idOf,
  INDEX,
  indexTarget,
  type KeptName,
  slotOf,
} from "./name_rows.ts";
import { type NameCare, NameSchedule, type NameScheduleOptions } from "./name_schedule.ts";

/** Options of {@linkcode NameKeeper}. */
export interface NameKeeperOptions extends NameScheduleOptions {
  state: StateDatabase;
  store: IndexStore;
  onWarning: (message: string) => void;
  /** Asks at the rendezvous of a name, whose index may be locked. */
  caller: RendezvousCaller;
  /** Called after each write or look: its packets, and the time until the next one (ms). */
  onPackets?: (packets: number, pauseMs: number) => void;
  /** Called after an entry was kept. */
  onKept?: () => void;
}

/** Result of writing one slot of the index of a package name. */
export interface NameOutcome {
  name: string;
  targetHex: string;
  outcome: PutOutcome;
  /** Messages about invalid entries that were left out of the written index, one sentence each. */
  dropped: string[];
  /** Public keys of the publishers in the written index, 32 bytes each. */
  publicKeys: Uint8Array[];
}

/** Options of writing one slot. */
interface GivenWrite extends Pick<WriteOptions, "leaveFreshMs" | "writtenSeq"> {
  signal?: AbortSignal;
}

/** Interval between checks for name indexes that are due (ms). */
const TICK_MS = 30_000;
const RETRY_MS = 60_000;
/** Maximum number of name indexes that are written concurrently. */
const MAX_WRITING = 4;
/** Keeps alive the indexes of all package names that this home publishes or seeds. */
export class NameKeeper {
  readonly #options: NameKeeperOptions;
  readonly #stopped = new AbortController();
  /** Queue of writes for each index, since two concurrent writes of one index would race. */
  readonly #writes = new KeyedQueue();
  /**
   * Schedule of all index slots, loaded when first needed: a command that writes one index does not need
   * the schedule.
   */
  #names: NameSchedule | undefined;
  readonly #times: EntryTimes;
  /** Slots that were found locked, by {@linkcode idOf}. The user was told once of each. */
  readonly #locked = new Set<string>();
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;

  constructor(options: NameKeeperOptions) {
    this.#options = options;
    this.#times = new EntryTimes(options.clock, options.onWarning);
  }

  /** Starts the periodic rewriting of indexes. Only the daemon calls this method. */
  start(): void {
    warnOfFutureEntries(this.#options);
    this.#timer = every(this.#options.clock, TICK_MS, () => this.#tick());
    this.#tick();
  }

  /** Aborts running writes and stops the periodic rewriting. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#working;
  }

  /** Returns a publisher's entry in the index of a name, as kept by this home. */
  entry(name: string, publicKey: Uint8Array): NameIndexEntry | undefined {
    const row = this.#options.state.records.get(entryTarget(name, publicKey));
    return row && entriesOf(row)[0];
  }

  /**
   * Saves an entry and writes it into the index of a name. The schedule repeats a failed write.
   *
   * @throws {HostError} `ENTRY_TIME_WRONG`, and the errors of {@linkcode writeNameIndex}
   */
  async add(name: string, entry: NameIndexEntry, signal?: AbortSignal): Promise<NameOutcome> {
    this.keep(name, entry);
    return await this.#write({ name, slot: nameIndexSlot(entry.publicKey) }, { signal });
  }

  /**
   * Saves an entry without writing the index. The entry is due at once: {@linkcode start} or
   * {@linkcode refresh} writes it.
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
      // A kept entry dated in the future is deleted first. Otherwise `put` would keep that entry, because
      // `put` keeps the later of two entries.
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
    this.#names?.add({ name, slot }, publicKey);
    this.#options.onKept?.();
    return toHex(indexTarget({ name, slot }, dayOf(clock.now())));
  }

  /**
   * Saves another publisher's entry if the index in the DHT has one, or a peer at the rendezvous of the
   * name. Returns whether an entry is kept.
   */
  async adopt(name: string, publicKey: Uint8Array): Promise<boolean> {
    if (this.entry(name, publicKey)) return true;
    const { store, clock, caller } = this.#options;
    const isWanted = (one: NameIndexEntry) => equalBytes(one.publicKey, publicKey);
    const { entries } = await readName(store, caller, name, {
      ...{ clock, signal: this.#stopped.signal, slots: [nameIndexSlot(publicKey)] },
      suffices: (entries) => entries.some(isWanted),
    });
    const entry = entries.find(isWanted);
    if (!entry) return false;
    // A slot that is locked keeps the index from being written, and this home from nothing else.
    // A mirror need not write what it has just read.
    const care = this.#options.care?.(name, [publicKey]) ?? "publisher";
    if (care !== "publisher") this.keep(name, entry);
    else {
      await this.add(name, entry).catch((error) => {
        if (!isLocked(error)) throw error;
      });
    }
    return true;
  }

  /**
   * Writes the indexes of the given names, even if they are not due. If `names` is empty, writes the
   * indexes of all kept names.
   */
  async refresh(
    names: readonly string[],
    onOutcome: (outcome: NameOutcome | { name: string; error: unknown }) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const kept of this.#kept().all) {
      if (names.length > 0 && !names.includes(kept.name)) continue;
      if (signal?.aborted) return;
      try {
        onOutcome(await this.#write(kept, { signal }));
      } catch (error) {
        onOutcome({ name: kept.name, error });
      }
    }
  }

  /** Deletes the saved entries and indexes of a name. Called when the name's last package was removed. */
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

  /**
   * Names whose indexes this home keeps, and how many it only looks at.
   *
   * @param care how this home cares for a name
   */
  names(care: NonNullable<NameScheduleOptions["care"]>): Record<NameCare, Set<string>> {
    const names: Record<NameCare, Set<string>> = {
      publisher: new Set(),
      keeper: new Set(),
      reserve: new Set(),
      onlooker: new Set(),
    };
    for (const { name, publicKeys } of this.#kept().all) names[care(name, publicKeys)].add(name);
    return names;
  }

  #kept(): NameSchedule {
    return this.#names ??= new NameSchedule(this.#options, this.#options.state.records.names());
  }

  #write(kept: KeptName, given: GivenWrite): Promise<NameOutcome> {
    return this.#writes.run(idOf(kept), () => this.#writeNow(kept, given));
  }

  async #writeNow(
    { name, slot }: KeptName,
    { signal, leaveFreshMs, writtenSeq }: GivenWrite,
  ): Promise<NameOutcome> {
    const { store, clock, random } = this.#options;
    const rows = this.#rows(name)
      .filter(({ kind, version, item }) => slotOf(kind, version, item.publicKey) === slot);
    const kept = rows.flatMap(entriesOf);
    const signals = [this.#stopped.signal, ...(signal ? [signal] : [])];
    const fresh = { leaveFreshMs, writtenSeq };
    const options = { clock, random, ...fresh, signal: AbortSignal.any(signals) };
    try {
      this.#times.check(name, rows.filter(({ kind }) => kind === ENTRY).flatMap(entriesOf));
      const written = await writeNameIndex(store, name, slot, kept, options);
      const { item, outcome, entries, dropped } = written;
      this.#settle({ name, slot }, rows, written);
      this.#locked.delete(idOf({ name, slot }));
      const publicKeys = entries.map(({ publicKey }) => publicKey);
      const targetHex = toHex(targetOf(item.publicKey, item.salt));
      return { name, targetHex, outcome, dropped, publicKeys };
    } catch (error) {
      if (!options.signal.aborted) this.#postpone({ name, slot }, error);
      throw error;
    }
  }

  #settle({ name, slot }: KeptName, rows: StoredRecord[], written: WrittenIndex): void {
    const { item, outcome, isFresh } = written;
    const { state, clock } = this.#options;
    const target = targetOf(item.publicKey, item.salt);
    const atMs = clock.now();
    const good = outcome.holding > 0;
    const pauseMs = good ? this.#pauseMs({ name, slot }, !isFresh) : RETRY_MS;
    this.#options.onPackets?.(written.packets, pauseMs);
    const nextDueMs = atMs + pauseMs;
    state.transaction(() => {
      for (const row of rows.filter(({ kind }) => kind === INDEX)) {
        // Rows with older indexes of this slot are deleted from `state.db`. The new index contains all
        // valid entries of the deleted indexes.
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
        own: !isFresh,
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
    this.#names?.plan({ name, slot }, atMs, nextDueMs, isFresh ? undefined : item.seq);
  }

  #pauseMs(kept: KeptName, isWritten: boolean): number {
    const schedule = this.#names ?? new NameSchedule(this.#options, []);
    return schedule.pauseMs(kept, isWritten);
  }

  #postpone(kept: KeptName, error: unknown): void {
    const { state, clock } = this.#options;
    const nowMs = clock.now();
    const target = indexTarget(kept, dayOf(nowMs));
    const before = state.outcomes.get(target);
    // A lock lasts until the nodes forget the attacker's record, which they do if nobody puts it again.
    const code = error instanceof LibreseedError ? error.code : undefined;
    const isLasting = code === "ENTRY_TIME_WRONG" || isLocked(error);
    const nextDueMs = nowMs + (isLasting ? this.#pauseMs(kept, true) : RETRY_MS);
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
    this.#names?.plan(kept, nowMs, nextDueMs);
  }

  #tick(): void {
    if (this.#stopped.signal.aborted || this.#working) return;
    // While the DHT is off, no index is written. Due indexes wait until a later check finds the DHT on.
    if (this.#options.store.hasDht === false) return;
    this.#working = this.#refreshDue()
      .catch((error) => this.#warn(error))
      .finally(() => this.#working = undefined);
  }

  async #refreshDue(): Promise<void> {
    const schedule = this.#kept();
    await eachLimited(schedule.due(), MAX_WRITING, undefined, async (kept) => {
      if (this.#stopped.signal.aborted) return;
      try {
        const isOurs = schedule.careOf(kept) === "publisher";
        const { writtenSeq } = kept;
        await this.#write(kept, isOurs ? {} : { leaveFreshMs: schedule.freshMs, writtenSeq });
      } catch (error) {
        if (isLocked(error)) this.#warnOfLock(kept, error);
        else this.#warn(error);
      }
    });
  }

  /** Warns of a locked slot, once for as long as it is locked. */
  #warnOfLock(kept: KeptName, error: LibreseedError): void {
    const id = idOf(kept);
    if (this.#locked.has(id)) return;
    this.#locked.add(id);
    this.#warn(error);
  }

  #warn(error: unknown): void {
    if (this.#stopped.signal.aborted) return;
    if (error instanceof LibreseedError && error.kind === "network") return;
    this.#options.onWarning((error as Error).message);
  }
}

function isLocked(error: unknown): error is LibreseedError {
  return error instanceof LibreseedError && error.code === "NAME_INDEX_LOCKED";
}
