/**
 * The host's operations on records: looking up, keeping alive, putting and announcing.
 *
 * @module
 */

import {
  type Clock,
  equalBytes,
  errorFromData,
  errorToData,
  type LibreseedError,
  toHex,
} from "../../base/mod.ts";
import { parseHostPort } from "../../config/mod.ts";
import type { Announced, CallOptions, Indexed, Operations, RequestOf } from "../../control/mod.ts";
import type { AnnounceOutcome, GetOutcome, ItemKey, PutOutcome } from "../../dht/mod.ts";
import {
  encodeItem,
  type MutableItem,
  type NameIndexEntry,
  type RendezvousQuestion,
  targetOf,
} from "../../records/mod.ts";
import type { ReportData } from "../../worker/mod.ts";
import { HostError } from "../errors.ts";
import { Batch, type WorkerHandle } from "../thread/mod.ts";
import type { Announcing } from "./announcing.ts";
import type { KeptRecords } from "./kept_records.ts";
import type { NameKeeper } from "./name_keeper.ts";

/**
 * Delay after which the daemon puts a record that a client stored with the flag `later` (ms). A host that
 * is not the daemon ends before this delay has passed.
 */
const LATER_MS = 60_000;

/** Result of a put that is postponed (flag `later`): no node was asked yet. */
const NOBODY_ASKED: PutOutcome = {
  asked: 0,
  responded: 0,
  holding: 0,
  stored: 0,
  weak: true,
  needsRetry: true,
  superseded: undefined,
  conflict: undefined,
  errors: {},
};

/** Options of {@linkcode RecordOperations}. */
export interface RecordOperationsOptions {
  worker: WorkerHandle;
  records: KeptRecords;
  names: NameKeeper;
  clock: Clock;
  /**
   * The planned announcements of the daemon. Absent in another host, which announces no peer, because
   * nobody could connect to it when it has ended.
   */
  announcing?: Pick<Announcing, "changed" | "hear">;
  onWarning: (message: string) => void;
}

/** Implements the record operations of the control socket for one home. */
export class RecordOperations implements
  Pick<
    Operations,
    | "lookUp"
    | "keptItem"
    | "store"
    | "askRendezvous"
    | "announce"
    | "nameEntry"
    | "indexName"
  > {
  readonly #worker: WorkerHandle;
  readonly #records: KeptRecords;
  readonly #names: NameKeeper;
  readonly #clock: Clock;
  readonly #announcing: RecordOperationsOptions["announcing"];
  /**
   * Outcomes of announcements, collected to be written to the state database in batches. A starting
   * daemon produces many outcomes within a short time.
   */
  readonly #reports: Batch<ReportData>;
  /** Number of announcements that have ended since the start, and of those that did not fail. */
  readonly announcements = { ended: 0, well: 0 };
  /** Number of changes so far of what is kept, and of outcomes. */
  changes = 0;

  constructor(options: RecordOperationsOptions) {
    const { worker, records, names, clock, onWarning } = options;
    this.#worker = worker;
    this.#records = records;
    this.#names = names;
    this.#clock = clock;
    this.#announcing = options.announcing;
    this.#reports = new Batch({
      clock,
      write: (reports) => records.settle(...reports),
      // A lost outcome is harmless: the record is only announced again too early.
      onError: (error) =>
        onWarning(`the outcome of an announcement was not saved: ${(error as Error).message}`),
    });
  }

  askRendezvous: Operations["askRendezvous"] = (request, { signal, onEvent } = {}) =>
    this.#worker.askRendezvous(
      questionOf(request),
      (answer, from) => onEvent?.({ ...answer, from }),
      signal,
      "peers" in request ? request.peers?.map((text) => parseHostPort(text)) : [],
    );

  lookUp(
    key: ItemKey,
    { signal, onEvent }: CallOptions<{ item: MutableItem }> = {},
  ): Promise<GetOutcome> {
    return this.#worker.get(key, signal, onEvent && ((item) => onEvent({ item })));
  }

  keptItem({ publicKey, salt }: ItemKey): Promise<{ item?: MutableItem }> {
    return Promise.resolve({ item: this.#records.item(targetOf(publicKey, salt)) });
  }

  async store(
    { item, record, foreign, later }: RequestOf<"store">,
    { signal }: CallOptions = {},
  ): Promise<PutOutcome> {
    const idHex = toHex(targetOf(item.publicKey, item.salt));
    // The record is saved before the put. If this process dies in between, `libreseed announce` can put
    // the record.
    this.#records.keep(item, record, !foreign);
    this.changes++;
    this.#announcing?.changed();
    const dueMs = later ? this.#clock.now() + LATER_MS : Infinity;
    await this.#worker.keepRecords([{ item: encodeItem(item), dueMs, failures: 0 }]);
    if (later) return NOBODY_ASKED;
    let put: PutOutcome | undefined;
    let failure: LibreseedError | undefined;
    // The put is urgent and bypasses the packet budget (`dht-rate`), because a command waits for the
    // outcome.
    await this.#worker.announceNow([idHex], true, (report) => {
      this.settle(report);
      put = report.put;
      failure = report.error && errorFromData(report.error);
    }, signal);
    if (put) return put;
    throw failure ?? new HostError("failed", "HOST_STOPPING", "The host is stopping");
  }

  async announce(
    { packages }: RequestOf<"announce">,
    { signal, onEvent }: CallOptions<Announced> = {},
  ): Promise<Announced[]> {
    this.flush();
    const kept = this.#records.named(packages);
    await this.#worker.keepRecords(kept.map(({ kept }) => kept));
    const names = new Map(kept.map(({ idHex, record }) => [idHex, record]));
    const results: Announced[] = [];
    const tell = (result: Announced) => {
      results.push(result);
      onEvent?.(result);
    };
    await this.#worker.announceNow([...names.keys()], false, (report) => {
      this.settle(report);
      const result: Announced = {
        ...names.get(report.idHex)!,
        target: report.idHex,
        ...(report.put && { outcome: report.put }),
        ...(report.error && { error: report.error }),
      };
      tell(result);
    }, signal);
    await this.#announcePeers(packages, tell, signal);
    await this.#names.refresh(packages.map(({ name }) => name), (outcome) => {
      const record = { kind: "name-index" as const, name: outcome.name };
      if ("error" in outcome) {
        const { code, message } = errorToData(outcome.error);
        return tell({ ...record, target: "", error: { code, message } });
      }
      tell({ ...record, target: outcome.targetHex, outcome: outcome.outcome });
    }, signal);
    return results;
  }

  /** Has the daemon announce the archives of the named versions, now and for a day. */
  async #announcePeers(
    packages: RequestOf<"announce">["packages"],
    tell: (result: Announced) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const wanted = this.#records.want(packages);
    if (!this.#announcing || wanted.length === 0) return;
    this.#announcing.changed();
    const byId = new Map(wanted.map((archive) => [archive.infoHashHex, archive]));
    await this.#worker.keepTorrents(
      wanted.map(({ infoHashHex }) => ({ infoHashHex, dueMs: Infinity })),
    );
    await this.#worker.announceNow([...byId.keys()], false, (report) => {
      this.settle(report);
      const { name, version } = byId.get(report.idHex)!;
      const { announce, error } = report;
      tell({
        ...{ kind: "torrent", name, version, target: report.idHex },
        ...(announce && { outcome: outcomeOf(announce) }),
        ...(error && { error }),
      });
    }, signal);
  }

  nameEntry({ name, publicKey }: RequestOf<"nameEntry">): Promise<{ entry?: NameIndexEntry }> {
    return Promise.resolve({ entry: this.#names.entry(name, publicKey) });
  }

  async indexName(
    { name, entry, later }: RequestOf<"indexName">,
    { signal }: CallOptions = {},
  ): Promise<Indexed> {
    this.changes++;
    if (later) {
      const target = this.#names.keep(name, entry);
      return { target, outcome: NOBODY_ASKED, dropped: [], listed: false };
    }
    const { targetHex, outcome, dropped, publicKeys } = await this.#names.add(name, entry, signal);
    const listed = publicKeys.some((publicKey) => equalBytes(publicKey, entry.publicKey));
    return { target: targetHex, outcome, dropped, listed };
  }

  /**
   * Adds the outcome of an announcement to the batch, which is written within `withinMs` milliseconds
   * (default: 1 s).
   */
  settle(report: ReportData, withinMs?: number): void {
    this.changes++;
    this.announcements.ended++;
    if (report.failures === 0) this.announcements.well++;
    this.#announcing?.hear(report);
    this.#reports.add(report, withinMs);
    if (report.put?.superseded) this.flush();
  }

  /** Writes all collected outcomes to the state database now. */
  flush(): void {
    this.#reports.flush();
  }
}

function questionOf(request: RequestOf<"askRendezvous">): RendezvousQuestion {
  if (!("publicKey" in request)) return { kind: "name", name: request.name };
  const { publicKey } = request;
  if (!("version" in request)) return { kind: "publisher", publicKey };
  return { kind: "manifest", publicKey, name: request.name, version: request.version };
}

/** Converts the outcome of announcing a peer to the form of a put: nodes hold the peer, not an item. */
function outcomeOf(announce: AnnounceOutcome): PutOutcome {
  const { asked, responded, stored, errors } = announce;
  return { ...NOBODY_ASKED, asked, responded, holding: stored, stored, errors, weak: false };
}
