/**
 * Handle of the worker thread. Calls take an `AbortSignal`, events go to listeners, and the stop
 * has a time limit. If the thread dies, running and later calls reject. Pings detect a thread that
 * hangs or ended without a message. Any answer of the thread counts as a sign of life, so a busy
 * thread is not considered dead.
 *
 * @module
 */

import {
  type Clock,
  collectGarbage,
  delay,
  every,
  type HostPort,
  type Timer,
} from "../../base/mod.ts";
import type {
  GetOutcome,
  ItemKey,
  KeptRecord,
  PeerAddress,
  PeersOutcome,
  PutOutcome,
  PutTerms,
} from "../../dht/mod.ts";
import type {
  ByteRange,
  DetailedTorrent,
  DhtDetails,
  DownloadProgress,
  RangesHeld,
  TorrentStatus,
} from "../../engine/mod.ts";
import type { EngineOptions, LauncherRequests } from "../../launcher/mod.ts";
import type { MutableItem, RendezvousQuestion } from "../../records/mod.ts";
import {
  connectWorker,
  type DownloadOrder,
  isReachable,
  type KeptSeed,
  type KeptTorrent,
  type RendezvousAsked,
  type RendezvousPlace,
  type ReportData,
  type Reused,
  type ReusedRange,
  type TunableOptions,
  type WorkerConnection,
  type WorkerOptions,
  type WorkerStarted,
  type WorkerStatus,
} from "../../worker/mod.ts";
import { HostError } from "../errors.ts";
import { answerOf, type OnAnswer } from "./questions.ts";
import { Callers, hearEvent, type WorkerHandleListeners } from "./worker_events.ts";

type Api = WorkerConnection["api"];

/** Interval between pings of the command's thread to the worker thread (ms). */
const PING_MS = 30_000;
/** Number of ping intervals without a message after which the thread counts as dead. */
const PINGS_MISSED = 4;
/**
 * Maximum delay of the command's thread's ping timer (ms). A longer delay means that the machine
 * was asleep or overloaded. Such an interval is not counted against the worker, which may not have
 * run either.
 */
const LATE_MS = PING_MS / 2;

/** Handle of the worker thread: calls its functions, and detects its death. */
export class WorkerHandle {
  readonly #connection: WorkerConnection;
  readonly #clock: Clock;
  readonly #callers = new Callers();
  /** Reject functions of the promises of all running calls. They are called if the thread dies. */
  readonly #waiting = new Set<(reason: Error) => void>();
  readonly #onFailure: (error: Error) => void;
  readonly #pinging: Timer;
  #failure: Error | undefined;
  #hasDht = false;
  #operations = 0;
  /** Number of ping intervals since the last message of the thread. */
  #silent = 0;

  /**
   * Starts the worker thread, which takes about 100 ms to load. {@linkcode WorkerHandle.begin}
   * starts the engine.
   *
   * @param launcher starts the thread
   * @param connect opens the channel to the thread; replaced in tests
   */
  static open(
    launcher: Pick<LauncherRequests, "startEngine">,
    sandbox: EngineOptions,
    listeners: WorkerHandleListeners,
    clock: Clock,
    connect: typeof connectWorker = connectWorker,
  ): WorkerHandle {
    const worker: WorkerHandle = new WorkerHandle(
      connect(sandbox, {
        onFailure: (error) => worker.#fail(error),
        onEvent: (event) => {
          worker.#silent = 0;
          if (event.event === "dht") worker.#hasDht = isReachable(event.state);
          if (event.event === "question") {
            void answerOf(event.question, listeners).then((answer) =>
              worker.#call((api) => api.answerQuestion(event.number, answer))
            ).catch(() => {});
          } else hearEvent(event, listeners, worker.#callers);
        },
      }, launcher.startEngine),
      clock,
      listeners.onFailure,
    );
    return worker;
  }

  /** Starts the engine in the worker thread. If the start fails, terminates the thread. */
  async begin(options: WorkerOptions): Promise<WorkerStarted> {
    try {
      const started = await this.#call((api) => api.start(options));
      this.#hasDht = isReachable(started.dht);
      return started;
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** Terminates the worker thread immediately, without stopping the engine first. */
  terminate(): void {
    this.#pinging.cancel();
    this.#connection.terminate();
  }

  private constructor(
    connection: WorkerConnection,
    clock: Clock,
    onFailure: (error: Error) => void,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#onFailure = onFailure;
    let dueMs = clock.now() + PING_MS;
    this.#pinging = every(clock, PING_MS, () => {
      const nowMs = clock.now();
      const isLate = nowMs > dueMs + LATE_MS;
      dueMs = nowMs + PING_MS;
      if (!isLate && this.#silent++ === PINGS_MISSED) return this.#fail(hangs());
      this.#call((api) => api.ping()).catch(() => {});
    });
  }

  /** Whether the DHT was on and nodes answered, according to the last report of the worker. */
  get hasDht(): boolean {
    return this.#hasDht;
  }

  /**
   * Runs garbage collection in the command's thread and the worker thread. Called after the start,
   * which leaves much garbage.
   */
  async tidy(): Promise<void> {
    await this.#call((api) => api.tidy());
    collectGarbage();
  }

  status = (): Promise<WorkerStatus> => this.#call((api) => api.status());

  configure = (options: TunableOptions): Promise<void> =>
    this.#call((api) => api.configure(options));

  addBootstrap(addresses: { host: string; port: number }[]): Promise<void> {
    return this.#call((api) => api.addBootstrap(addresses));
  }

  knownNodes = () => this.#call((api) => api.knownNodes());

  torrents = (): Promise<TorrentStatus[]> => this.#call((api) => api.torrents());

  torrentDetails = (infoHashHex: string): Promise<DetailedTorrent | undefined> =>
    this.#call((api) => api.torrentDetails(infoHashHex));

  dhtDetails = (): Promise<DhtDetails> => this.#call((api) => api.dhtDetails());

  seed = (archives: KeptSeed[]): Promise<void> => this.#call((api) => api.seed(archives));

  unseed = (infoHashHex: string): Promise<void> => this.#call((api) => api.unseed(infoHashHex));

  keepRecords = (records: KeptRecord[]): Promise<void> =>
    this.#call((api) => api.keepRecords(records));

  keepTorrents = (torrents: KeptTorrent[]): Promise<void> =>
    this.#call((api) => api.keepTorrents(torrents));

  retainAnnouncements = (idsHex: string[]): Promise<void> =>
    this.#call((api) => api.retainAnnouncements(idsHex));

  forgetRecord = (targetHex: string): Promise<void> =>
    this.#call((api) => api.forgetRecord(targetHex));

  /** @param onShown called with each valid item that a node shows, if its `seq` is the highest yet */
  get(
    key: ItemKey,
    signal?: AbortSignal,
    onShown?: (item: MutableItem) => void,
  ): Promise<GetOutcome> {
    return this.#operation(signal, async (api, operation) => {
      if (onShown) this.#callers.shown.set(operation, onShown);
      try {
        return await api.get(operation, key, onShown !== undefined);
      } finally {
        this.#callers.shown.delete(operation);
      }
    });
  }

  put(item: MutableItem, signal?: AbortSignal, terms?: PutTerms): Promise<PutOutcome> {
    return this.#operation(signal, (api, operation) => api.put(operation, item, terms));
  }

  addSources(
    infoHashHex: string,
    peers: PeerAddress[],
    webSeeds: string[],
    publisher?: Uint8Array,
  ): Promise<void> {
    return this.#call((api) => api.addSources(infoHashHex, peers, webSeeds, publisher));
  }

  widen = (infoHashHex: string, wantedBytes: number): Promise<void> =>
    this.#call((api) => api.widen(infoHashHex, wantedBytes));

  wantBeginning = (infoHashHex: string, wantedBytes: number): Promise<void> =>
    this.#call((api) => api.wantBeginning(infoHashHex, wantedBytes));

  /** Offers ranges of a download's file that were copied; see `WorkerApi.offerReused`. */
  offerReused = (infoHashHex: string, ranges: ReusedRange[]): Promise<Reused> =>
    this.#call((api) => api.offerReused(infoHashHex, ranges));

  /** Wants ranges of bytes of a running download that has `wantedBytes`; see `WorkerApi.want`. */
  want(infoHashHex: string, ranges: ByteRange[], signal?: AbortSignal): Promise<RangesHeld> {
    return this.#operation(signal, (api, operation) => api.want(operation, infoHashHex, ranges));
  }

  findPeers(infoHashHex: string, signal?: AbortSignal): Promise<PeersOutcome> {
    return this.#operation(signal, (api, operation) => api.findPeers(operation, infoHashHex));
  }

  setRendezvous = (places: RendezvousPlace[]): Promise<void> =>
    this.#call((api) => api.setRendezvous(places));

  /** Asks the peers of a rendezvous; nothing of an answer is verified. */
  askRendezvous(
    question: RendezvousQuestion,
    onAnswer: OnAnswer,
    signal?: AbortSignal,
    peers?: HostPort[],
  ): Promise<RendezvousAsked> {
    return this.#operation(signal, async (api, operation) => {
      this.#callers.answers.set(operation, onAnswer);
      try {
        return await api.askRendezvous(operation, question, peers);
      } finally {
        this.#callers.answers.delete(operation);
      }
    });
  }

  announceNow(
    idsHex: string[],
    urgent: boolean,
    onReport: (report: ReportData) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#operation(signal, async (api, operation) => {
      this.#callers.reports.set(operation, onReport);
      try {
        await api.announceNow(operation, idsHex, urgent);
      } finally {
        this.#callers.reports.delete(operation);
      }
    });
  }

  download(
    order: DownloadOrder,
    onProgress?: (progress: DownloadProgress) => void,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    return this.#operation(signal, async (api, operation) => {
      if (onProgress) this.#callers.progress.set(operation, onProgress);
      try {
        return await api.download(operation, order);
      } finally {
        this.#callers.progress.delete(operation);
      }
    });
  }

  /**
   * Stops the DHT manager, the engine and the thread, in this order. Terminates the thread if that
   * takes longer than `deadlineMs` + 500 ms.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#pinging.cancel();
    const late = new AbortController();
    await Promise.race([
      this.#call((api) => api.stop(deadlineMs)).catch(() => {}),
      delay(this.#clock, deadlineMs + 500, late.signal).catch(() => {}),
    ]);
    late.abort();
    this.#connection.terminate();
  }

  async #operation<T>(
    signal: AbortSignal | undefined,
    work: (api: Api, operation: number) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const operation = ++this.#operations;
    const cancel = () => void this.#call((api) => api.cancel(operation)).catch(() => {});
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await this.#call((api) => work(api, operation));
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  #call<T>(work: (api: Api) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiting.add(reject);
      work(this.#connection.api).then(resolve, reject).finally(() => {
        // Any answer shows that the thread is alive. A busy thread may not have processed the ping yet.
        this.#silent = 0;
        this.#waiting.delete(reject);
      });
    });
  }

  #fail(error: Error): void {
    this.#pinging.cancel();
    this.#failure ??= error;
    for (const reject of this.#waiting) reject(this.#failure);
    this.#waiting.clear();
    this.#onFailure(error);
  }
}

function hangs(): HostError {
  const seconds = PING_MS * PINGS_MISSED / 1_000;
  return new HostError(
    "failed",
    "WORKER_DIED",
    `The engine's thread has not answered for ${seconds} s; start libreseed again`,
  );
}
