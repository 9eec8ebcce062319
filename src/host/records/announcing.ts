/**
 * Decides what the daemon announces in the DHT, and has it announced: asks the state for what there
 * is, plans with `announce_plan.ts`, and hands the changes to the schedule in the worker. Versions
 * that are not announced individually are only in `state.db`, and not in memory.
 *
 * @module
 */

import {
  type Clock,
  equalBytes,
  every,
  fromHex,
  pause,
  type Timer,
  toHex,
} from "../../base/mod.ts";
import type { AnnouncingJson } from "../../control/mod.ts";
import type { KeptRecord } from "../../dht/mod.ts";
import {
  decodeManifestRecord,
  manifestSalt,
  type RendezvousQuestion,
  targetOf,
} from "../../records/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { ReportData } from "../../worker/mod.ts";
import { Batch, type WorkerHandle } from "../thread/mod.ts";
import { AnnounceCosts } from "./announce_costs.ts";
import { countUnannounced, type Plan } from "./announce_plan.ts";
import type { NameKeeper } from "./name_keeper.ts";
import type { NameCare } from "./name_schedule.ts";
import { type PlannedArchive, PlanReader } from "./plan_reader.ts";
import { Publishers } from "./publishers.ts";
import { Turns } from "./turns.ts";

/** Options of {@linkcode Announcing}. */
export interface AnnouncingOptions {
  state: Pick<
    StateDatabase,
    | "announcing"
    | "mirrored"
    | "outcomes"
    | "records"
    | "secrets"
    | "transaction"
    | "verifiedFiles"
  >;
  clock: Clock;
  worker: Pick<
    WorkerHandle,
    "get" | "hasDht" | "keepRecords" | "keepTorrents" | "retainAnnouncements" | "setRendezvous"
  >;
  names: () => Pick<NameKeeper, "names">;
  /** The setting `announce-budget`, packets an hour for each address family. */
  budget: () => number;
  /** Returns when a torrent has to be announced next (Unix ms), by infohash (hex). */
  torrentDueMs: (infoHashHex: string) => number;
  onWarning: (message: string) => void;
}

/** Time between a change and the next plan (ms). All changes in this time share one plan. */
const SOON_MS = 2_000;
/**
 * The pause after a plan keeps plans because of changes to this share of the time, but is at most
 * this long (ms). A home with few versions plans in a millisecond, so what it has just published is
 * found soon.
 */
const [MAX_SHARE, LONGEST_PAUSE_MS] = [1 / 100, 30_000];
/** Interval between plans without a change, because costs and times change (ms). */
const PLAN_MS = 10 * 60_000;
/** Interval in which versions get their turns (ms). */
const TURN_MS = 5 * 60_000;
/** Share by which the number of mirrors has to change for a new plan. */
const NOTABLE_CHANGE = 0.25;
/** Number of records and torrents in one message to the worker. */
const SLICE = 500;
/** Number of packages whose records are looked up again in an hour, within the budget and beyond it. */
const [ADOPTS, ADOPTS_BEYOND_BUDGET] = [50, 1];
/** Time within which a handshake is written to the state (ms). */
const ASKED_WITHIN_MS = 2_000;

/** Has the daemon announce what its budget allows. */
export class Announcing {
  readonly #options: AnnouncingOptions;
  readonly #publishers: Publishers;
  readonly #reader: PlanReader;
  readonly #costs = new AnnounceCosts();
  readonly #turns: Turns;
  readonly #asked: Batch<Uint8Array>;
  #plan: Plan<PlannedArchive> | undefined;
  /** Records and torrents in the schedule (hex); `undefined` if everything is in it. */
  #scheduled: Set<string> | undefined;
  /** Catalogs that are seeded: the beginning of the signing key (hex) by infohash (hex). */
  readonly #catalogs = new Map<string, string>();
  /** Identities of publishers by the infohash (hex) of their rendezvous. */
  #rendezvous = new Map<string, Uint8Array>();
  #planning: Promise<void> = Promise.resolve();
  #plannedMs = -Infinity;
  /** Whether the first plan has begun. It takes up all changes before it. */
  #isStarted = false;
  /** Least time between the last plan and one because of changes (ms). */
  #pauseMs = 0;
  #soon: Timer | undefined;
  readonly #timers: Timer[] = [];
  #isStopped = false;

  constructor(options: AnnouncingOptions) {
    const { state, clock, worker, onWarning } = options;
    this.#options = options;
    this.#publishers = new Publishers(state);
    this.#reader = new PlanReader(options, this.#publishers, this.#costs);
    this.#turns = new Turns({
      ...{ state, clock, worker },
      isScheduled: (idHex) => this.#scheduled?.has(idHex) ?? true,
      signingKeys: () => this.#reader.turnKeys(),
      costs: () => ({
        record: this.#costs.packets("turn"),
        torrent: this.#costs.packets("torrent"),
      }),
    });
    this.#asked = new Batch({
      clock,
      write: (infoHashes) =>
        state.transaction(() => {
          for (const infoHash of infoHashes) {
            state.announcing.ask(infoHash, clock.now());
            state.mirrored.ask(infoHash, clock.now());
          }
        }),
      onError: (error) =>
        onWarning(`the archives that peers asked for were not saved: ${(error as Error).message}`),
    });
  }

  /** Plans, and hands the records to the schedule. The torrents follow when they are seeded. */
  async start(): Promise<void> {
    this.#isStarted = true;
    const first = this.#planNow();
    // A change meanwhile waits for the end of this plan.
    this.#planning = first.catch(() => {});
    await first;
    const { clock } = this.#options;
    this.#timers.push(
      every(clock, PLAN_MS, () => void this.#replan()),
      every(clock, TURN_MS, () => void this.#guarded(() => this.#takeTurns())),
    );
  }

  /** Ends the timers, and waits for a plan under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#soon?.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#asked.flush();
    await this.#planning;
  }

  /** Plans again soon, because something is new or gone, or because a setting has changed. */
  changed(): void {
    if (this.#soon || this.#isStopped || !this.#isStarted) return;
    const sinceMs = this.#options.clock.now() - this.#plannedMs;
    const waitMs = Math.max(SOON_MS, sinceMs >= 0 ? this.#pauseMs - sinceMs : 0);
    this.#soon = this.#options.clock.after(waitMs, () => {
      this.#soon = undefined;
      void this.#replan();
    });
  }

  /**
   * Whether a torrent that is about to be seeded is announced individually. Plans again soon if it is new.
   *
   * @param isKnown whether the archive was seeded before, so that the plan knows it
   */
  announces(infoHashHex: string, isKnown = false): boolean {
    const isScheduled = this.#scheduled?.has(infoHashHex) ?? true;
    if (!isKnown && !(this.#scheduled && isScheduled)) this.changed();
    return isScheduled;
  }

  /** Whether everything is announced individually. */
  get announcesAll(): boolean {
    return this.#scheduled === undefined;
  }

  /**
   * Maximum number of packages whose records are looked up again in an hour. Beyond the budget, most
   * records are in no DHT, so looking them up again and again is of no use.
   */
  get adoptsAtOnce(): number {
    return this.#scheduled ? ADOPTS_BEYOND_BUDGET : ADOPTS;
  }

  /** Whether other BitTorrent clients find a torrent by its infohash (hex). */
  isFindable(infoHashHex: string): boolean {
    return this.#scheduled === undefined || this.#scheduled.has(infoHashHex) ||
      this.#turns.named().has(infoHashHex);
  }

  /**
   * Notes that a catalog is about to be seeded, and returns whether it is announced individually.
   *
   * @param keyHex the beginning of the key that signed it, as in the file name of the catalog
   */
  addCatalog(infoHashHex: string, keyHex: string): boolean {
    this.#catalogs.set(infoHashHex, keyHex);
    if (!this.#scheduled || !this.#reader.keepsCatalog(keyHex)) return this.announces(infoHashHex);
    this.#scheduled.add(infoHashHex);
    return true;
  }

  /** Notes that a catalog is no longer seeded. */
  removeCatalog(infoHashHex: string): void {
    this.#catalogs.delete(infoHashHex);
  }

  /** The worker for the parts that find records; announces a record only if the plan has it. */
  get adopting(): Pick<WorkerHandle, "get" | "keepRecords"> {
    const { worker } = this.#options;
    return {
      get: (...call) => worker.get(...call),
      keepRecords: async (records) => {
        if (!this.#scheduled) await worker.keepRecords(records);
        this.changed();
      },
    };
  }

  /** Returns the care of this home for a name of some publishers (identities of 32 bytes). */
  careOf(name: string, identities: readonly Uint8Array[]): NameCare {
    const care = this.#publishers.careOfName(name, identities);
    return care === "publisher" || this.#scheduled ? care : "keeper";
  }

  /** Notes that an archive was asked for, by its infohash (hex). It is announced individually for a day. */
  noteAsked(infoHashHex: string): void {
    this.#asked.add(fromHex(infoHashHex)!, ASKED_WITHIN_MS);
    if (this.#scheduled && !this.#scheduled.has(infoHashHex)) this.changed();
  }

  /** Notes the question of a peer, if it is about one version. */
  noteQuestion(question: RendezvousQuestion): void {
    if (question.kind !== "manifest") return;
    const { name, version } = question;
    for (const { item } of this.#options.state.records.list({ kind: "manifest", name, version })) {
      const { infoHash, certificate } = decodeManifestRecord(item.value);
      const identity = certificate?.root ?? item.publicKey;
      const isMeant = equalBytes(identity, question.publicKey) ||
        equalBytes(item.publicKey, question.publicKey);
      if (isMeant) this.noteAsked(toHex(infoHash));
    }
  }

  /** Learns from the report of an announcement: costs, and how many mirrors there are. */
  hear(report: ReportData): void {
    const { kind, idHex, put, announce, failures, atMs, nextDueMs } = report;
    const packets = put?.packets ?? announce?.packets;
    const isTurn = this.#turns.end(idHex);
    if (packets === undefined) return;
    const intervalMs = failures === 0 ? nextDueMs - atMs : undefined;
    if (kind === "record") this.#costs.add(isTurn ? "turn" : "record", packets, intervalMs);
    else this.#costs.add("torrent", packets, intervalMs);
    const identity = this.#rendezvous.get(idHex);
    const networks = announce?.peerNetworks;
    if (!identity || networks === undefined || announce!.responded === 0) return;
    try {
      const before = this.#publishers.mirrorsOf(identity);
      this.#publishers.noteNetworks(identity, networks, this.#options.clock.now());
      const change = Math.abs(this.#publishers.mirrorsOf(identity) - before);
      if (change > before * NOTABLE_CHANGE) this.changed();
    } catch (error) {
      this.#options.onWarning(`the number of mirrors was not saved: ${(error as Error).message}`);
    }
  }

  /** Learns the packets of writing the index of a name, and the time until the next write (ms). */
  hearName(packets: number, intervalMs: number): void {
    this.#costs.add("name", packets, intervalMs);
  }

  /** Plan of the announcements, for `status`; `undefined` before the first plan. */
  get status(): AnnouncingJson | undefined {
    const plan = this.#plan;
    if (!plan) return undefined;
    const packets = plan.packets + (plan.kind === "selection" ? plan.turnPackets : 0);
    const unannounced = countUnannounced(plan, this.#turns.named());
    return { budget: this.#options.budget(), packets: Math.round(packets), unannounced };
  }

  #replan(): Promise<void> {
    return this.#planning = this.#planning.then(() => this.#guarded(() => this.#planNow()));
  }

  /** Runs work for which nobody waits. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#isStopped) return;
    try {
      await work();
    } catch (error) {
      if (this.#isStopped) return;
      this.#options.onWarning(`announcements were not planned: ${(error as Error).message}`);
    }
  }

  async #planNow(): Promise<void> {
    const { clock, worker, torrentDueMs } = this.#options;
    this.#asked.flush();
    this.#plannedMs = clock.now();
    this.#publishers.refresh();
    const isFirst = this.#plan === undefined;
    const lists = this.#reader.lists().length;
    const plan = await this.#reader.plan(this.#plan, lists, this.#keptCatalogs().length);
    if (this.#isStopped) return;
    this.#plan = plan;
    this.#rest();
    this.#rendezvous = this.#reader.publisherPlaces();
    const places = [...this.#rendezvous.keys(), ...this.#reader.namePlaces(plan)];
    await worker.setRendezvous(
      places.map((infoHashHex) => ({ infoHashHex, announceDueMs: torrentDueMs(infoHashHex) })),
    );
    if (plan.kind === "everything") return await this.#announceAll(isFirst);
    const wanted = new Map<string, KeptRecord | undefined>();
    for (const [i, { publisher, name, version, infoHashHex }] of plan.versions.entries()) {
      if (i > 0 && i % SLICE === 0) await pause();
      wanted.set(infoHashHex, undefined);
      const target = targetOf(fromHex(publisher)!, manifestSalt(name, version));
      const record = this.#options.state.records.get(target);
      if (record) wanted.set(toHex(target), this.#reader.keptOf(record));
    }
    // Lists and catalogs are read last, because some may have come while the plan was made.
    for (const record of this.#reader.lists()) {
      wanted.set(toHex(record.target), this.#reader.keptOf(record));
    }
    for (const infoHashHex of this.#keptCatalogs()) wanted.set(infoHashHex, undefined);
    await this.#announce(wanted, places);
  }

  /** Infohashes (hex) of the catalogs that this home keeps alive. */
  #keptCatalogs(): string[] {
    return [...this.#catalogs].filter(([, key]) => this.#reader.keepsCatalog(key))
      .map(([infoHashHex]) => infoHashHex);
  }

  /** Sets the pause after a plan in proportion to the time that the plan took. */
  #rest(): void {
    const tookMs = Math.max(this.#options.clock.now() - this.#plannedMs, 0);
    this.#pauseMs = Math.min(tookMs / MAX_SHARE, LONGEST_PAUSE_MS);
  }

  /** Hands to the schedule everything that it does not have yet. */
  async #announceAll(isFirst: boolean): Promise<void> {
    const { state, worker, torrentDueMs } = this.#options;
    const before = this.#scheduled;
    if (!before && !isFirst) return;
    this.#scheduled = undefined;
    for (const records of state.records.schedule(SLICE)) await worker.keepRecords(records);
    if (isFirst) return;
    const keep = (infoHashes: string[]) =>
      worker.keepTorrents(
        infoHashes.filter((infoHashHex) => !before?.has(infoHashHex))
          .map((infoHashHex) => ({ infoHashHex, dueMs: torrentDueMs(infoHashHex) })),
      );
    for (const page of this.#reader.archives()) {
      await keep(page.map(({ infoHashHex }) => infoHashHex));
    }
    await keep([...this.#catalogs.keys()]);
  }

  /**
   * Has the schedule announce what is wanted, and nothing else.
   *
   * @param wanted records by target, and torrents by infohash (hex)
   * @param places infohashes of the rendezvous (hex)
   */
  async #announce(
    wanted: Map<string, KeptRecord | undefined>,
    places: readonly string[],
  ): Promise<void> {
    const { worker, torrentDueMs } = this.#options;
    const before = this.#scheduled;
    this.#scheduled = new Set(wanted.keys());
    const fresh = [...wanted].filter(([idHex]) => !before?.has(idHex));
    await worker.keepRecords(fresh.flatMap(([, record]) => record ?? []));
    await worker.keepTorrents(
      fresh.filter(([, record]) => !record)
        .map(([infoHashHex]) => ({ infoHashHex, dueMs: torrentDueMs(infoHashHex) })),
    );
    await worker.retainAnnouncements([...wanted.keys(), ...places]);
  }

  async #takeTurns(): Promise<void> {
    // Without the DHT, single announcements would only pile up.
    if (this.#plan?.kind !== "selection" || !this.#options.worker.hasDht) return;
    const { turnPackets } = this.#plan;
    if (turnPackets > 0) await this.#turns.take(turnPackets, TURN_MS);
  }
}
