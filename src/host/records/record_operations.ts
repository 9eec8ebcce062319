/**
 * What the owner of the engine does with records: read, keep, put, announce.
 *
 * @module
 */

import {
  type Clock,
  errorFromData,
  errorToData,
  type LibreseedError,
  toHex,
} from "../../base/mod.ts";
import {
  type AnnouncedJson,
  bytesOf,
  type CallOptions,
  entryFromJson,
  type EntryJson,
  entryToJson,
  type GetJson,
  type IndexedJson,
  itemFromJson,
  type ItemJson,
  itemToJson,
  type PutJson,
  putToJson,
  type RecordName,
} from "../../control/mod.ts";
import { targetOf } from "../../records/mod.ts";
import type { ReportData } from "../../worker/mod.ts";
import { HostError } from "../errors.ts";
import { Batch, type WorkerHost } from "../thread/mod.ts";
import type { KeptRecords } from "./kept_records.ts";
import type { NameKeeper } from "./name_keeper.ts";

/** When a daemon puts what was kept for later, milliseconds from then; commands end sooner. */
const LATER_MS = 60_000;

/** What became of a record that was kept for later. */
const NOBODY_ASKED: PutJson = {
  asked: 0,
  responded: 0,
  holding: 0,
  stored: 0,
  weak: true,
  needsRetry: true,
  errors: {},
};

/** The operations on records of one home. */
export class RecordOperations {
  readonly #worker: WorkerHost;
  readonly #records: KeptRecords;
  readonly #names: NameKeeper;
  readonly #clock: Clock;
  /** Outcomes that are to be written down: at the start of a daemon there are many at once. */
  readonly #reports: Batch<ReportData>;

  constructor(
    worker: WorkerHost,
    records: KeptRecords,
    names: NameKeeper,
    clock: Clock,
    onWarning: (message: string) => void,
  ) {
    this.#worker = worker;
    this.#records = records;
    this.#names = names;
    this.#clock = clock;
    this.#reports = new Batch({
      clock,
      write: (reports) => records.settle(...reports),
      // The records are merely announced again sooner than need be.
      onError: (error) =>
        onWarning(`what became of an announcement was not kept: ${(error as Error).message}`),
    });
  }

  async lookUp(
    request: { publicKey: string; salt: string },
    { signal }: CallOptions = {},
  ): Promise<GetJson> {
    const outcome = await this.#worker.get({
      publicKey: bytesOf(request.publicKey, "publicKey"),
      salt: bytesOf(request.salt, "salt"),
    }, signal);
    return {
      ...outcome,
      item: outcome.item && itemToJson(outcome.item),
      others: outcome.others.map(itemToJson),
    };
  }

  keptItem(request: { publicKey: string; salt: string }): Promise<{ item?: ItemJson }> {
    const publicKey = bytesOf(request.publicKey, "publicKey");
    const item = this.#records.item(targetOf(publicKey, bytesOf(request.salt, "salt")));
    return Promise.resolve({ item: item && itemToJson(item) });
  }

  async store(
    request: { item: ItemJson; record: RecordName; foreign?: boolean; later?: boolean },
    { signal }: CallOptions = {},
  ): Promise<PutJson> {
    const item = itemFromJson(request.item);
    const idHex = toHex(targetOf(item.publicKey, item.salt));
    // Kept before it is put: if we die in between, `announce` puts it.
    this.#records.keep(item, request.record, !request.foreign);
    const dueMs = request.later ? this.#clock.now() + LATER_MS : Infinity;
    await this.#worker.keepRecords([{ item, dueMs, failures: 0 }]);
    if (request.later) return NOBODY_ASKED;
    let put: PutJson | undefined;
    let failure: LibreseedError | undefined;
    // Somebody waits for this one; a whole cycle can wait for the budget of packets.
    await this.#worker.announceNow([idHex], true, (report) => {
      this.settle(report);
      put = report.put && putToJson(report.put);
      failure = report.error && errorFromData(report.error);
    }, signal);
    if (put) return put;
    throw failure ?? new HostError("failed", "HOST_STOPPING", "The engine is being stopped");
  }

  async announce(
    { packages }: { packages: { name: string; version?: string }[] },
    { signal, onEvent }: CallOptions<AnnouncedJson> = {},
  ): Promise<AnnouncedJson[]> {
    this.flush();
    const kept = this.#records.named(packages);
    await this.#worker.keepRecords(kept.map(({ kept }) => kept));
    const names = new Map(kept.map(({ idHex, record }) => [idHex, record]));
    const results: AnnouncedJson[] = [];
    const tell = (result: AnnouncedJson) => {
      results.push(result);
      onEvent?.(result);
    };
    await this.#worker.announceNow([...names.keys()], false, (report) => {
      this.settle(report);
      const result: AnnouncedJson = {
        ...names.get(report.idHex)!,
        target: report.idHex,
        ...(report.put && { outcome: putToJson(report.put) }),
        ...(report.error && { error: report.error }),
      };
      tell(result);
    }, signal);
    await this.#names.refresh(packages.map(({ name }) => name), (outcome) => {
      const record = { kind: "name-index" as const, name: outcome.name };
      if ("error" in outcome) {
        const { code, message } = errorToData(outcome.error);
        return tell({ ...record, target: "", error: { code, message } });
      }
      tell({ ...record, target: outcome.targetHex, outcome: putToJson(outcome.outcome) });
    }, signal);
    return results;
  }

  nameEntry(
    { name, publicKey }: { name: string; publicKey: string },
  ): Promise<{ entry?: EntryJson }> {
    const entry = this.#names.entry(name, bytesOf(publicKey, "publicKey"));
    return Promise.resolve({ entry: entry && entryToJson(entry) });
  }

  async indexName(
    { name, entry, later }: { name: string; entry: EntryJson; later?: boolean },
    { signal }: CallOptions = {},
  ): Promise<IndexedJson> {
    if (later) {
      const target = this.#names.keep(name, entryFromJson(entry));
      return { target, outcome: NOBODY_ASKED, dropped: [], listed: false };
    }
    const { targetHex, outcome, dropped, publicKeys } = await this.#names.add(
      name,
      entryFromJson(entry),
      signal,
    );
    const listed = publicKeys.some((publicKey) => toHex(publicKey) === entry.publicKey);
    return { target: targetHex, outcome: putToJson(outcome), dropped, listed };
  }

  /** Notes an outcome, within so many milliseconds: a second, unless given. */
  settle(report: ReportData, withinMs?: number): void {
    this.#reports.add(report, withinMs);
    if (report.put?.superseded) this.flush();
  }

  /** Writes down what is noted. */
  flush(): void {
    this.#reports.flush();
  }
}
