/**
 * Keeps the name index alive for the names that this home publishes or seeds. The record's place and
 * key change every day, so it cannot be announced again as it is: each time it is read, merged and
 * written anew. Needs no publisher's key, for the entries are kept signed.
 *
 * @module
 */

import { type Clock, every, LibreseedError, type Timer, toHex } from "../base/mod.ts";
import type { PutOutcome } from "../dht/mod.ts";
import {
  dayOf,
  decodeNameIndex,
  type NameIndexEntry,
  nameIndexKeyPair,
  nameIndexSlot,
  targetOf,
} from "../records/mod.ts";
import type { StateDatabase, StoredRecord } from "../store/mod.ts";
import { type ItemStore, readNameIndex, writeNameIndex } from "./name_index.ts";

/** Options of {@linkcode NameKeeper}. */
export interface NameKeeperOptions {
  state: StateDatabase;
  store: ItemStore;
  clock: Clock;
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
}

/** How often to look whether something is due, milliseconds. */
const TICK_MS = 30_000;
const RETRY_MS = 60_000;
const SPREAD = 0.1;
const KIND = "name-index";

/** The names of one home. */
export class NameKeeper {
  readonly #options: NameKeeperOptions;
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: NameKeeperOptions) {
    this.#options = options;
  }

  /** Keeps the names alive from now on: the daemon's work. */
  start(): void {
    this.#timer = every(this.#options.clock, TICK_MS, () => this.#tick());
    this.#tick();
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#working;
  }

  /** The names that are kept. */
  names(): string[] {
    return [...new Set(this.#rows().map(({ name }) => name!))];
  }

  /**
   * Writes an entry into the index of a name, and keeps it there from now on.
   *
   * @throws {DaemonError} see {@linkcode writeNameIndex}
   */
  async add(name: string, entry: NameIndexEntry, signal?: AbortSignal): Promise<NameOutcome> {
    return await this.#write(name, nameIndexSlot(entry.publicKey), [entry], signal);
  }

  /** Keeps the entry of somebody else's package, if the index has one. */
  async adopt(name: string, publicKey: Uint8Array): Promise<void> {
    const { store, clock } = this.#options;
    const { entries } = await readNameIndex(store, name, clock);
    const entry = entries.find((one) => toHex(one.publicKey) === toHex(publicKey));
    if (entry) await this.add(name, entry);
  }

  /** Writes the index of some of the names that are kept, due or not; of all, if none is given. */
  async refresh(
    names: readonly string[],
    onOutcome: (outcome: NameOutcome | { name: string; error: unknown }) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const row of this.#rows()) {
      if (names.length > 0 && !names.includes(row.name!)) continue;
      if (signal?.aborted) return;
      try {
        onOutcome(await this.#write(row.name!, Number(row.version), entriesOf(row), signal));
      } catch (error) {
        this.#postpone(row.target, error);
        onOutcome({ name: row.name!, error });
      }
    }
  }

  /** No longer keeps a name of which this home has no package any more. */
  forget(name: string): void {
    for (const { target } of this.#rows().filter((row) => row.name === name)) {
      this.#options.state.records.delete(target);
      this.#options.state.outcomes.delete(target);
    }
  }

  #rows(): StoredRecord[] {
    return this.#options.state.records.list({ kind: KIND });
  }

  async #write(
    name: string,
    slot: number,
    own: readonly NameIndexEntry[],
    signal?: AbortSignal,
  ): Promise<NameOutcome> {
    const { state, store, clock } = this.#options;
    const rows = this.#rows().filter((row) => row.name === name && Number(row.version) === slot);
    const known = [...rows.flatMap(entriesOf), ...own];
    const written = await writeNameIndex(store, name, slot, known, clock, signal);
    const { item, outcome, dropped } = written;
    const target = targetOf(item.publicKey, item.salt);
    const atMs = clock.now();
    state.transaction(() => {
      for (const row of rows) {
        // Yesterday's place, or another list in today's: what is good of them is in the new one.
        state.records.delete(row.target);
        state.outcomes.delete(row.target);
      }
      state.records.put({
        ...item,
        target,
        kind: KIND,
        name,
        version: String(slot),
        own: true,
        createdMs: atMs,
      });
      const good = outcome.holding > 0;
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
        nextDueMs: atMs + (good ? this.#pauseMs() : RETRY_MS),
      });
    });
    return { name, targetHex: toHex(target), outcome, dropped };
  }

  #pauseMs(): number {
    const random = this.#options.random ?? Math.random;
    return Math.round(this.#options.intervalMs() * (1 + SPREAD * (2 * random() - 1)));
  }

  #postpone(target: Uint8Array, error: unknown): void {
    const { state, clock } = this.#options;
    const before = state.outcomes.get(target);
    state.outcomes.set({
      target,
      lastSuccessMs: before?.lastSuccessMs,
      lastAttemptMs: clock.now(),
      holding: before?.holding ?? 0,
      asked: 0,
      responded: 0,
      stored: 0,
      error: (error as Error).message,
      failures: (before?.failures ?? 0) + 1,
      nextDueMs: clock.now() + RETRY_MS,
    });
  }

  #tick(): void {
    if (this.#stopped || this.#working) return;
    this.#working = this.#refreshDue().finally(() => this.#working = undefined);
  }

  async #refreshDue(): Promise<void> {
    const { state, clock, onWarning } = this.#options;
    for (const row of this.#rows()) {
      if (this.#stopped) return;
      // At midnight the record is dark until somebody writes it at its new place.
      const today = nameIndexKeyPair(row.name!, dayOf(clock.now())).publicKey;
      const isMoved = toHex(today) !== toHex(row.publicKey);
      if (!isMoved && (state.outcomes.get(row.target)?.nextDueMs ?? 0) > clock.now()) continue;
      try {
        await this.#write(row.name!, Number(row.version), entriesOf(row));
      } catch (error) {
        if (this.#stopped) return;
        this.#postpone(row.target, error);
        if (!(error instanceof LibreseedError)) throw error;
        if (error.kind !== "network") onWarning(error.message);
      }
    }
  }
}

function entriesOf(row: StoredRecord): NameIndexEntry[] {
  return decodeNameIndex(row.value).entries;
}
