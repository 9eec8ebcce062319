/**
 * The worker as the host sees it: operations with an `AbortSignal` instead of numbers, events sorted
 * to whom they belong, and an end that is bounded.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";
import type { GetOutcome, ItemKey, PeersOutcome, PutOutcome, PutTerms } from "../dht/mod.ts";
import type { DhtState, DownloadProgress } from "../engine/mod.ts";
import type { MutableItem } from "../records/mod.ts";
import {
  connectWorker,
  type DownloadOrder,
  type KeptRecord,
  type ReportData,
  type SandboxOptions,
  type TunableOptions,
  type WorkerConnection,
  type WorkerOptions,
  type WorkerStarted,
  type WorkerStatus,
} from "../worker/mod.ts";

/** Hears what the worker tells on its own. */
export interface WorkerHostListeners {
  onDht: (state: DhtState) => void;
  onAnnounced: (report: ReportData) => void;
  onFailure: (error: Error) => void;
}

/** A running engine in its sandbox. */
export class WorkerHost {
  readonly #connection: WorkerConnection;
  readonly #clock: Clock;
  readonly #progress = new Map<number, (progress: DownloadProgress) => void>();
  readonly #reports = new Map<number, (report: ReportData) => void>();
  #operations = 0;

  /** Starts the thread and the engine in it. */
  static async start(
    sandbox: SandboxOptions,
    options: WorkerOptions,
    listeners: WorkerHostListeners,
    clock: Clock,
  ): Promise<{ worker: WorkerHost; started: WorkerStarted }> {
    const died = Promise.withResolvers<never>();
    died.promise.catch(() => {});
    const worker: WorkerHost = new WorkerHost(
      connectWorker(sandbox, {
        onFailure: (error) => {
          died.reject(error);
          listeners.onFailure(error);
        },
        onEvent: (event) => {
          if (event.event === "dht") listeners.onDht(event.state);
          else if (event.event === "progress") {
            worker.#progress.get(event.operation)?.(event.progress);
          } else if (event.operation === undefined) listeners.onAnnounced(event.report);
          else worker.#reports.get(event.operation)?.(event.report);
        },
      }),
      clock,
    );
    try {
      const started = await Promise.race([worker.#connection.api.start(options), died.promise]);
      return { worker, started };
    } catch (error) {
      worker.#connection.terminate();
      throw error;
    }
  }

  private constructor(connection: WorkerConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  status(): Promise<WorkerStatus> {
    return this.#connection.api.status();
  }

  configure(options: TunableOptions): Promise<void> {
    return this.#connection.api.configure(options);
  }

  knownNodes() {
    return this.#connection.api.knownNodes();
  }

  seed(
    infoHashHex: string,
    torrent: Uint8Array,
    filePath: string,
    announceDueMs: number,
  ): Promise<void> {
    return this.#connection.api.seed(infoHashHex, torrent, filePath, announceDueMs);
  }

  unseed(infoHashHex: string): Promise<void> {
    return this.#connection.api.unseed(infoHashHex);
  }

  keepRecords(records: KeptRecord[]): Promise<void> {
    return this.#connection.api.keepRecords(records);
  }

  forgetRecord(targetHex: string): Promise<void> {
    return this.#connection.api.forgetRecord(targetHex);
  }

  get(key: ItemKey, signal?: AbortSignal): Promise<GetOutcome> {
    return this.#operation(signal, (operation) => this.#connection.api.get(operation, key));
  }

  put(item: MutableItem, signal?: AbortSignal, terms?: PutTerms): Promise<PutOutcome> {
    return this.#operation(
      signal,
      (operation) => this.#connection.api.put(operation, item, terms),
    );
  }

  findPeers(infoHashHex: string, signal?: AbortSignal): Promise<PeersOutcome> {
    return this.#operation(
      signal,
      (operation) => this.#connection.api.findPeers(operation, infoHashHex),
    );
  }

  announceNow(
    idsHex: string[],
    urgent: boolean,
    onReport: (report: ReportData) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#operation(signal, async (operation) => {
      this.#reports.set(operation, onReport);
      try {
        await this.#connection.api.announceNow(operation, idsHex, urgent);
      } finally {
        this.#reports.delete(operation);
      }
    });
  }

  download(
    order: DownloadOrder,
    onProgress?: (progress: DownloadProgress) => void,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    return this.#operation(signal, async (operation) => {
      if (onProgress) this.#progress.set(operation, onProgress);
      try {
        return await this.#connection.api.download(operation, order);
      } finally {
        this.#progress.delete(operation);
      }
    });
  }

  /** Manager, engine, thread, in this order; the thread ends after `deadlineMs` in any case. */
  async stop(deadlineMs: number): Promise<void> {
    const late = new AbortController();
    await Promise.race([
      this.#connection.api.stop(deadlineMs).catch(() => {}),
      delay(this.#clock, deadlineMs + 500, late.signal).catch(() => {}),
    ]);
    late.abort();
    this.#connection.terminate();
  }

  async #operation<T>(
    signal: AbortSignal | undefined,
    work: (operation: number) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const operation = ++this.#operations;
    const cancel = () => void this.#connection.api.cancel(operation).catch(() => {});
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await work(operation);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }
}
