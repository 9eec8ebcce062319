/**
 * The schedule that keeps records and torrents announced in the DHT. Each entry has its own due
 * time; the most overdue entry is announced first, and AIMD limits the number of concurrent
 * announcements. The schedule stores nothing on disk: the caller receives each outcome, and passes
 * the due times in at the next start. The DHT manager performs the puts.
 *
 * @module
 */

import { type Clock, type Family, fromHex, type Timer, toHex } from "../../base/mod.ts";
import { decodeItem, encodeItem, targetOfBytes } from "../../records/mod.ts";
import type { PutOutcome } from "../records/mod.ts";
import { AimdLimit } from "./aimd.ts";
import type { Announcer, AnnounceReport, KeptRecord } from "./announcement.ts";
import { type ByteString, fromByteString, toByteString } from "./byte_string.ts";
import { DueQueue } from "./due_queue.ts";
import { Intervals } from "./intervals.ts";

/** Options of {@linkcode Reannouncer}. */
export interface ReannouncerOptions {
  announcer: Announcer;
  clock: Clock;
  /** Random numbers from 0 to below 1, for jitter. Default `Math.random`. */
  random?: () => number;
  /**
   * Interval between announcements of a record, milliseconds; BEP 44 recommends an hour. Under churn the
   * interval follows the half-life of the holders, down to 20 minutes. Torrents are announced at least
   * every 26 minutes.
   */
  intervalMs: number;
  /** TCP port that is announced for torrents at first, and that peers connect to. */
  port: number;
  /**
   * Tells whether the DHT is reachable; always true by default. While the DHT is unreachable,
   * nothing is announced and nothing counts as failed; due entries wait for `resume()`.
   */
  isReachable?: () => boolean;
  /** Returns the families of the DHTs that answer; none by default. Each may begin to answer late. */
  families?: () => readonly Family[];
  onReport: (report: AnnounceReport) => void;
  /**
   * Called with each error that `onReport`, `isReachable` or the schedule itself throws. The
   * schedule then continues.
   */
  onError?: (error: unknown) => void;
}

/**
 * Maximum duration of the schedule's timer. Timers stop while a machine is suspended, so the clock
 * is checked at least at this interval.
 */
const MAX_TIMER_MS = 60_000;
/** Time for which {@linkcode Reannouncer.retain} leaves a new entry (ms). */
const RETAINED_MS = 60_000;

interface Entry {
  kind: "record" | "torrent";
  idHex: string;
  /** The serialised item of a record; absent for a torrent. */
  item?: ByteString;
  dueMs: number;
  /** Time since when the entry is kept, Unix milliseconds. */
  addedMs: number;
  failures: number;
  /** Whether the entry leaves the schedule after its next announcement, whatever the outcome. */
  isOnce?: boolean;
  /** Number of holders of the record after its last announcement, and time of the announcement. */
  held?: { nodes: number; atMs: number };
  /** Families of the DHTs that answered when the entry was last announced; absent before. */
  families?: readonly Family[];
  running?: Promise<AnnounceReport>;
}

/** Announces each record and torrent of its schedule whenever an announcement is due. */
export class Reannouncer {
  readonly #options: ReannouncerOptions;
  readonly #intervals: Intervals;
  readonly #entries = new Map<string, Entry>();
  /** Records are announced before torrents, because downloaders find a torrent through its record. */
  readonly #queues = { record: new DueQueue<Entry>(), torrent: new DueQueue<Entry>() };
  readonly #concurrency = new AimdLimit();
  readonly #stopped = new AbortController();
  #port: number;
  #running = 0;
  /** Number of calls of {@linkcode Reannouncer.announceAll}. */
  #round = 0;
  /** Whether due torrents are announced before due records, after a change of our address. */
  #torrentsFirst = false;
  #timer: Timer | undefined;
  /** Time of day at the last check, to detect a clock that was set back. */
  #lastMs: number;

  constructor(options: ReannouncerOptions) {
    this.#options = options;
    this.#intervals = new Intervals(options.intervalMs, options.random ?? Math.random);
    this.#port = options.port;
    this.#lastMs = options.clock.now();
  }

  /**
   * Changes the interval, milliseconds. An entry that is due later than one interval from now is
   * moved forward.
   */
  set intervalMs(intervalMs: number) {
    this.#intervals.longestMs = intervalMs;
    const nowMs = this.#options.clock.now();
    for (const entry of this.#entries.values()) {
      this.#bringForward(entry, nowMs + this.#intervals.of(entry.kind));
    }
    this.#wake();
  }

  /** Changes the TCP port that is announced for torrents. All torrents are then announced at once. */
  set port(port: number) {
    if (port === this.#port) return;
    this.#port = port;
    const nowMs = this.#options.clock.now();
    for (const entry of this.#entries.values()) {
      if (entry.kind === "torrent") this.#bringForward(entry, nowMs);
    }
    this.#wake();
  }

  /**
   * Announces all records and torrents at once, because the address of this machine has changed.
   * Torrents come first, because the nodes still hold the records. The entries that were added last
   * come before the others: a new version has more readers than an old one.
   */
  announceAll(): void {
    this.#round++;
    this.#torrentsFirst = true;
    const nowMs = this.#options.clock.now();
    // Entries of the same due time have no order, so that the due times differ.
    let dueMs = nowMs;
    const oldestFirst = [...this.#entries.values()].sort((a, b) => a.addedMs - b.addedMs);
    for (const entry of oldestFirst) this.#bringForward(entry, dueMs--);
    this.#wake();
  }

  /** Adds records to the schedule. Replaces the item of a record that is in the schedule already. */
  keepRecords(records: readonly KeptRecord[]): void {
    for (const { item, dueMs, failures, isOnce } of records) {
      const idHex = toHex(targetOfBytes(item));
      const addedMs = this.#options.clock.now();
      const times = { dueMs, addedMs, failures, isOnce };
      this.#keep({ kind: "record", idHex, item: toByteString(item), ...times });
    }
  }

  /**
   * Adds a torrent to the schedule.
   *
   * @param dueMs its first due time, Unix milliseconds
   * @param addedMs time since when it is seeded, Unix milliseconds. Default: now
   * @param isOnce whether it leaves the schedule after its next announcement
   */
  keepTorrent(
    infoHashHex: string,
    dueMs: number,
    addedMs: number = this.#options.clock.now(),
    isOnce = false,
  ): void {
    this.#keep({ kind: "torrent", idHex: infoHashHex, dueMs, addedMs, failures: 0, isOnce });
  }

  /** Adds torrents to the schedule, as {@linkcode Reannouncer.keepTorrent} does. */
  keepTorrents(
    torrents: readonly { infoHashHex: string; dueMs: number; isOnce?: boolean }[],
  ): void {
    for (const { infoHashHex, dueMs, isOnce } of torrents) {
      this.keepTorrent(infoHashHex, dueMs, undefined, isOnce);
    }
  }

  /**
   * Stops announcing everything but the given records and torrents, and what was added in the last
   * minute: the caller may not have known of that yet.
   */
  retain(idsHex: readonly string[]): void {
    const kept = new Set(idsHex);
    const nowMs = this.#options.clock.now();
    for (const { idHex, addedMs, isOnce } of this.#entries.values()) {
      const isNew = addedMs > nowMs - RETAINED_MS;
      if (!kept.has(idHex) && !isNew && !isOnce) this.#entries.delete(idHex);
    }
  }

  /** Stops announcing a record or torrent. */
  forget(idHex: string): void {
    this.#entries.delete(idHex);
  }

  /** Number of entries in the schedule, and number of overdue entries. */
  counts(): { kept: number; overdue: number } {
    const nowMs = this.#options.clock.now();
    let overdue = 0;
    for (const { dueMs } of this.#entries.values()) if (dueMs <= nowMs) overdue++;
    return { kept: this.#entries.size, overdue };
  }

  /**
   * Announces one entry now, even if it is not due. Returns `undefined` if the schedule has no such
   * entry.
   *
   * @param urgent marks foreground work, which does not wait for the rate limiter
   */
  announceNow(idHex: string, urgent = false): Promise<AnnounceReport> | undefined {
    const entry = this.#entries.get(idHex);
    return entry && (entry.running ?? this.#announce(entry, urgent));
  }

  /** Announces at once what is due, what has failed, and what a DHT that answers now has missed. */
  resume(): void {
    const nowMs = this.#options.clock.now();
    for (const entry of this.#entries.values()) {
      if (entry.failures > 0 || this.#lacksFamily(entry)) this.#bringForward(entry, nowMs);
    }
    this.#wake();
  }

  /** Whether a DHT answers now that did not when an entry was announced. */
  #lacksFamily({ families }: Entry): boolean {
    if (!families) return false;
    return this.#options.families?.().some((family) => !families.includes(family)) === true;
  }

  /** Cancels the timer and aborts the announcements under way. */
  stop(): void {
    this.#stopped.abort();
    this.#timer?.cancel();
  }

  #keep(entry: Entry): void {
    const before = this.#entries.get(entry.idHex);
    if (entry.isOnce && before && !before.isOnce) return;
    // A stored due time may come from a run with a longer interval or a wrong clock.
    const latestMs = this.#options.clock.now() + this.#intervals.latestMs(entry.kind);
    entry.dueMs = Math.min(entry.dueMs, latestMs);
    // The map keeps the order in which entries were added last.
    this.#entries.delete(entry.idHex);
    this.#entries.set(entry.idHex, entry);
    this.#queues[entry.kind].push(entry);
    this.#wake();
  }

  /**
   * Starts due announcements, and sets the timer to the next due time, or to one minute after an
   * error.
   */
  #wake(): void {
    if (this.#guarded(() => this.#startDue())) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(MAX_TIMER_MS, () => this.#wake());
  }

  /**
   * Runs `work`, and passes an error to `onError`, because no caller waits for `work`. Returns
   * whether `work` succeeded.
   */
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
      const isDue = (torrent.peek(isLive)?.dueMs ?? Infinity) <= nowMs;
      if (!isDue) this.#torrentsFirst = false;
      const order = this.#torrentsFirst ? [torrent, record] : [record, torrent];
      const first = order.map((queue) => ({ queue, entry: queue.peek(isLive) }));
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
    const sleepMs = Math.min(dueMs - this.#options.clock.now(), MAX_TIMER_MS);
    this.#timer = this.#options.clock.after(sleepMs, () => this.#wake());
  }

  /**
   * Moves all times back by `byMs` after the clock was set back, so that the remaining times and the
   * ages stay the same. An entry added in the future would be new, and so retained, until then.
   */
  #setBack(byMs: number): void {
    for (const entry of this.#entries.values()) {
      entry.held = undefined;
      entry.addedMs -= byMs;
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
      if (entry.isOnce && this.#entries.get(entry.idHex) === entry) this.forget(entry.idHex);
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
    const { announcer, clock } = this.#options;
    const port = this.#port;
    const round = this.#round;
    const options = { signal: this.#stopped.signal, background: !urgent };
    const atMs = clock.now();
    const report: Partial<AnnounceReport> = {};
    let succeeded = false;
    entry.families = this.#options.families?.();
    try {
      if (entry.item) {
        report.put = await announcer.put(decodeItem(fromByteString(entry.item)), {
          ...options,
          refreshAfterMs: this.#intervals.refreshAfterMs,
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
    // A newer item that the put found may be on one node only, so it is soon put to the other
    // nodes.
    const hurry = succeeded && report.put?.superseded !== undefined;
    entry.dueMs = nowMs + this.#intervals.pauseMs(entry.kind, hurry ? 1 : entry.failures);
    const { kind, idHex, failures } = entry;
    // The port, the address or the DHTs that answer may have changed during the announcement.
    const isStale = round !== this.#round || (kind === "torrent" && port !== this.#port) ||
      this.#lacksFamily(entry);
    if (isStale) entry.dueMs = nowMs;
    const announced = kind === "torrent" && { port };
    return { kind, idHex, atMs, nextDueMs: entry.dueMs, failures, ...announced, ...report };
  }

  /**
   * Updates the estimate of the half-life with the share of earlier holders that still hold the
   * record.
   */
  #learn(
    entry: Entry,
    { holding, stored, superseded }: PutOutcome,
    succeeded: boolean,
    nowMs: number,
  ) {
    const isSame = succeeded && !superseded;
    if (isSame && entry.held) {
      this.#intervals.halfLife.add(entry.held.nodes, holding - stored, nowMs - entry.held.atMs);
    }
    entry.held = isSame ? { nodes: holding, atMs: nowMs } : undefined;
  }

  /** Returns whether the put succeeded. Replaces the scheduled item if the put found a newer one. */
  #settle(entry: Entry, outcome: PutOutcome): boolean {
    if (outcome.superseded) {
      entry.item = toByteString(encodeItem(outcome.superseded));
      return true;
    }
    return outcome.holding > 0 && !outcome.needsRetry;
  }
}
