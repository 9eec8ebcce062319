/**
 * Keeps records and torrents alive in the DHT: each has its own due time, the overdue go first, and
 * no burst is ever sent. Remembers nothing beyond its own life; whoever owns it is told each outcome
 * and hands the due times back at the next start. Puts are the manager's.
 *
 * @module
 */

import { type Clock, fromHex, type Timer, toHex } from "../../base/mod.ts";
import { type MutableItem, targetOf } from "../../records/mod.ts";
import type {
  AnnounceOutcome,
  OperationOptions,
  PutOutcome,
  PutRequestOptions,
} from "../records/mod.ts";
import { AimdLimit } from "./aimd.ts";
import { DueQueue } from "./due_queue.ts";
import { HolderHalfLife } from "./holder_half_life.ts";
import { type HexItem, type PackedItem, packHex, packItem, unpackItem } from "./packed_item.ts";

/** The part of the manager that this needs. */
export interface Announcer {
  put(item: MutableItem, options: PutRequestOptions): Promise<PutOutcome>;
  announcePeer(
    infoHash: Uint8Array,
    port: number,
    options: OperationOptions,
  ): Promise<AnnounceOutcome>;
}

/** What became of one announcement. */
export interface AnnounceReport {
  kind: "record" | "torrent";
  /** Target of the record or infohash of the torrent, 40 hexadecimal digits. */
  idHex: string;
  /** When it was tried, Unix milliseconds. */
  atMs: number;
  /** When it is due again, Unix milliseconds. */
  nextDueMs: number;
  /** Failures in a row, this one included; 0 after a success. */
  failures: number;
  /** A record's outcome, if the DHT was there. */
  put?: PutOutcome;
  /** A torrent's outcome, if the DHT was there. */
  announce?: AnnounceOutcome;
  /** Why there is no outcome. */
  error?: unknown;
}

/** A record to keep alive, as text. */
export interface HexRecord extends HexItem {
  /** Its target, 40 lower-case hexadecimal digits. */
  idHex: string;
  /** When it is due first, Unix milliseconds. */
  dueMs: number;
  /** In a row until now. */
  failures: number;
}

/** Options of {@linkcode Reannouncer}. */
export interface ReannouncerOptions {
  announcer: Announcer;
  clock: Clock;
  /** 0 inclusive to 1 exclusive; `Math.random` unless a test hands in its own. */
  random?: () => number;
  /**
   * How often each record is announced, milliseconds; BEP 44 asks for an hour. Where more than
   * half of the nodes that hold the records are gone sooner, it is announced as often as that, but no
   * more often than every 20 minutes. A torrent is announced at least every 26 minutes.
   */
  intervalMs: number;
  /** The TCP port that torrents are announced with. */
  port: number;
  /**
   * Whether there is a DHT to announce to; always, unless given. While there is none nothing is tried,
   * and nothing fails: what falls due waits for {@linkcode Reannouncer.resume}.
   */
  isReachable?: () => boolean;
  onReport: (report: AnnounceReport) => void;
  /** Hears what `onReport`, `isReachable` or the schedule itself threw, and the schedule goes on. */
  onError?: (error: unknown) => void;
}

/** The interval of each announcement is spread by this much both ways, so that none march in step. */
const SPREAD = 0.1;
/** First pause after a failure; doubled after each further one, up to the interval. */
const FIRST_BACKOFF_MS = 60_000;
/** BEP 44: nodes may forget an item two hours after it was put last. */
const ITEM_LIFE_MS = 2 * 3_600_000;
/**
 * Some nodes forget a peer half an hour after it was announced last (libtorrent's after 45 minutes);
 * this and a tenth is before.
 */
const TORRENT_INTERVAL_MS = 26 * 60_000;
/**
 * A record is due again after so many half-lives of its holders: 47 in a hundred are left. In a
 * simulated week all of them are gone 0.06 % of the time then; 0.03 % after one half-life, for more
 * packets, and 0.1 % after 1.2 of them.
 */
const HALF_LIVES = 1.1;
/** Between two announcements of a record, however soon its holders go. */
const MIN_INTERVAL_MS = 20 * 60_000;
/** A machine that sleeps does not count the time; look at the clock at least this often. */
const LONGEST_SLEEP_MS = 60_000;

interface Entry {
  kind: "record" | "torrent";
  idHex: string;
  item?: PackedItem;
  dueMs: number;
  failures: number;
  /** How many held the record after it was announced last, and when that was. */
  held?: { nodes: number; atMs: number };
  running?: Promise<AnnounceReport>;
}

/** Announces what it is given, again and again. */
export class Reannouncer {
  readonly #options: ReannouncerOptions;
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();
  /** Where there is too little time for all, records go first: without them nobody finds a torrent. */
  readonly #queues = { record: new DueQueue<Entry>(), torrent: new DueQueue<Entry>() };
  readonly #halfLife = new HolderHalfLife();
  readonly #concurrency = new AimdLimit();
  readonly #stopped = new AbortController();
  #intervalMs: number;
  #running = 0;
  #timer: Timer | undefined;
  /** The time of day when it was looked at last. */
  #lastMs: number;

  constructor(options: ReannouncerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#intervalMs = options.intervalMs;
    this.#lastMs = options.clock.now();
  }

  /** How often each is announced, milliseconds. What is due later than that is moved forward. */
  set intervalMs(intervalMs: number) {
    this.#intervalMs = intervalMs;
    const nowMs = this.#options.clock.now();
    for (const entry of this.#entries.values()) {
      this.#bringForward(entry, nowMs + this.#intervalOf(entry));
    }
    this.#wake();
  }

  /**
   * Keeps a record alive from now on, or takes a newer item for one that it keeps already.
   *
   * @param dueMs when it is due first, Unix milliseconds; the past for at once
   */
  keepRecord(item: MutableItem, dueMs: number, failures = 0): void {
    const idHex = toHex(targetOf(item.publicKey, item.salt));
    this.#keep({ kind: "record", idHex, item: packItem(item), dueMs, failures });
  }

  /** Keeps many records alive from now on. */
  keepRecords(records: readonly HexRecord[]): void {
    const items = packHex(records);
    for (const [i, { idHex, dueMs, failures }] of records.entries()) {
      this.#keep({ kind: "record", idHex, item: items[i], dueMs, failures });
    }
  }

  /** Keeps a torrent announced from now on. */
  keepTorrent(infoHashHex: string, dueMs: number): void {
    this.#keep({ kind: "torrent", idHex: infoHashHex, dueMs, failures: 0 });
  }

  /** No longer announces the record or torrent. */
  forget(idHex: string): void {
    this.#entries.delete(idHex);
  }

  /** How many are kept, and how many of them are overdue. */
  counts(): { kept: number; overdue: number } {
    const nowMs = this.#options.clock.now();
    let overdue = 0;
    for (const { dueMs } of this.#entries.values()) if (dueMs <= nowMs) overdue++;
    return { kept: this.#entries.size, overdue };
  }

  /**
   * Announces one now, due or not; `undefined` if it is not kept.
   *
   * @param urgent somebody waits for it, so it does not wait for the budget of packets
   */
  announceNow(idHex: string, urgent = false): Promise<AnnounceReport> | undefined {
    const entry = this.#entries.get(idHex);
    return entry && (entry.running ?? this.#announce(entry, urgent));
  }

  /** The DHT is back: goes on with what is due, and everything that failed lately is due now. */
  resume(): void {
    const nowMs = this.#options.clock.now();
    for (const entry of this.#entries.values()) {
      if (entry.failures > 0) this.#bringForward(entry, nowMs);
    }
    this.#wake();
  }

  /** Ends the timer and the announcements under way. */
  stop(): void {
    this.#stopped.abort();
    this.#timer?.cancel();
  }

  #keep(entry: Entry): void {
    // An earlier run may have had a longer interval, or a clock that was wrong.
    const latestMs = this.#options.clock.now() + this.#intervalOf(entry) * (1 + SPREAD);
    entry.dueMs = Math.min(entry.dueMs, latestMs);
    this.#entries.set(entry.idHex, entry);
    this.#queues[entry.kind].push(entry);
    this.#wake();
  }

  /** Starts what is due, and sets the timer for what is due next. If that fails, tries again later. */
  #wake(): void {
    if (this.#guarded(() => this.#startDue())) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(LONGEST_SLEEP_MS, () => this.#wake());
  }

  /** Whether it succeeded. Nobody waits for most announcements, and nobody would hear them fail. */
  #guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!this.#options.onError) throw error;
      this.#options.onError(error);
      return false;
    }
  }

  #startDue(): void {
    if (this.#stopped.signal.aborted || this.#options.isReachable?.() === false) return;
    const isLive = (entry: Entry) => !entry.running && this.#entries.get(entry.idHex) === entry;
    const nowMs = this.#options.clock.now();
    if (nowMs < this.#lastMs) this.#setBack(this.#lastMs - nowMs);
    this.#lastMs = nowMs;
    const { record, torrent } = this.#queues;
    for (;;) {
      const first = [record, torrent].map((queue) => ({ queue, entry: queue.peek(isLive) }));
      const due = first.find(({ entry }) => entry && entry.dueMs <= nowMs);
      if (!due) {
        const nextMs = Math.min(...first.map(({ entry }) => entry?.dueMs ?? Infinity));
        if (nextMs < Infinity) this.#sleepUntil(nextMs);
        return;
      }
      if (this.#running >= this.#concurrency.limit) return;
      due.queue.pop();
      this.#announce(due.entry!);
    }
  }

  #sleepUntil(dueMs: number): void {
    this.#timer?.cancel();
    const sleepMs = Math.min(dueMs - this.#options.clock.now(), LONGEST_SLEEP_MS);
    this.#timer = this.#options.clock.after(sleepMs, () => this.#wake());
  }

  /** The clock was set back: what was due in an hour is due in an hour still. */
  #setBack(byMs: number): void {
    for (const entry of this.#entries.values()) {
      entry.held = undefined;
      this.#bringForward(entry, entry.dueMs - byMs);
    }
  }

  #bringForward(entry: Entry, dueMs: number): void {
    if (entry.dueMs <= dueMs) return;
    entry.dueMs = dueMs;
    this.#queues[entry.kind].push(entry);
  }

  #announce(entry: Entry, urgent = false): Promise<AnnounceReport> {
    this.#running++;
    entry.running = this.#attempt(entry, urgent).then((report) => {
      this.#running--;
      entry.running = undefined;
      if (this.#entries.get(entry.idHex) === entry) this.#queues[entry.kind].push(entry);
      if (!this.#stopped.signal.aborted) {
        this.#guarded(() => this.#options.onReport(report));
        this.#wake();
      }
      return report;
    });
    return entry.running;
  }

  async #attempt(entry: Entry, urgent: boolean): Promise<AnnounceReport> {
    const { announcer, clock, port } = this.#options;
    const options = { signal: this.#stopped.signal, background: !urgent };
    const atMs = clock.now();
    const report: Partial<AnnounceReport> = {};
    let succeeded = false;
    try {
      if (entry.item) {
        report.put = await announcer.put(unpackItem(entry.item), {
          ...options,
          refreshAfterMs: this.#refreshAfterMs(entry),
        });
        succeeded = this.#settle(entry, report.put);
        this.#learn(entry, report.put, succeeded, clock.now());
      } else {
        report.announce = await announcer.announcePeer(fromHex(entry.idHex)!, port, options);
        succeeded = report.announce.stored > 0;
      }
    } catch (error) {
      report.error = error;
    }
    const nowMs = clock.now();
    this.#concurrency.add(succeeded, nowMs - atMs);
    entry.failures = succeeded ? 0 : entry.failures + 1;
    // What superseded ours may lie on one node only: it is put on the others soon.
    const hurry = succeeded && report.put?.superseded !== undefined;
    entry.dueMs = nowMs + this.#pauseMs(entry, hurry ? 1 : entry.failures);
    const { kind, idHex, failures, dueMs } = entry;
    return { kind, idHex, atMs, nextDueMs: dueMs, failures, ...report };
  }

  /** Copies put so long ago, milliseconds, could be forgotten before the time after this. */
  #refreshAfterMs(entry: Entry): number {
    return Math.max(ITEM_LIFE_MS - this.#intervalOf(entry) * (1 + SPREAD), 0);
  }

  /** Learns how many of those that held the record have stayed. */
  #learn(
    entry: Entry,
    { holding, stored, superseded }: PutOutcome,
    succeeded: boolean,
    nowMs: number,
  ) {
    const isSame = succeeded && !superseded;
    if (isSame && entry.held) {
      this.#halfLife.add(entry.held.nodes, holding - stored, nowMs - entry.held.atMs);
    }
    entry.held = isSame ? { nodes: holding, atMs: nowMs } : undefined;
  }

  /** Whether the record is held well enough; one that was superseded is taken over. */
  #settle(entry: Entry, outcome: PutOutcome): boolean {
    if (outcome.superseded) {
      entry.item = packItem(outcome.superseded);
      return true;
    }
    return outcome.holding > 0 && !outcome.needsRetry;
  }

  #pauseMs(entry: Entry, failures: number): number {
    const spread = 1 + SPREAD * (2 * this.#random() - 1);
    const intervalMs = this.#intervalOf(entry);
    const pauseMs = failures === 0
      ? intervalMs
      : Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 20), intervalMs);
    return Math.round(pauseMs * spread);
  }

  #intervalOf({ kind }: Entry): number {
    if (kind === "torrent") return Math.min(this.#intervalMs, TORRENT_INTERVAL_MS);
    return Math.min(
      this.#intervalMs,
      Math.max(this.#halfLife.halfLifeMs * HALF_LIVES, MIN_INTERVAL_MS),
    );
  }
}
