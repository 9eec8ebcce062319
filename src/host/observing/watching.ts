/**
 * The operation `watch`: events of the host for all watchers. One sampler looks at the host each second, and
 * runs only while somebody watches.
 *
 * @module
 */

import { isArchiveFileName, type Timer } from "../../base/mod.ts";
import type {
  CallOptions,
  ProblemJson,
  RequestOf,
  StatusJson,
  WatchEvent,
  WatchKind,
} from "../../control/mod.ts";
import type { ObservedDownload } from "../seeding/mod.ts";
import type { Overview } from "./overview.ts";
import { packetsOf } from "./packets.ts";
import type { ObservedHost } from "./parts.ts";

const INTERVAL_MS = 1_000;
/**
 * Least time between two looks for problems (ms). A look reads all records, of which there may be a hundred
 * thousand.
 */
const PROBLEMS_MS = 5_000;
/**
 * Time after which problems are looked for although nothing seems to have changed (ms), for those of the
 * disk.
 */
const PROBLEMS_ANYWAY_MS = 60_000;
/** Maximum number of downloads whose end is kept for the next second. */
const MAX_ENDED = 1_000;

interface Watcher {
  wants: (kind: WatchKind) => boolean;
  tell: (event: WatchEvent) => void;
  /** Number of the last line of the log that the watcher has got. */
  lastSeq: number;
  /** The problems that the watcher has got, as JSON. */
  problems?: string;
}

/** The state of the host that the sampler compares from second to second. */
interface Changes {
  packages: number;
  records: number;
}

/** All watchers of one host. */
export class Watching {
  readonly #host: ObservedHost;
  readonly #overview: Pick<Overview, "problems">;
  readonly #watchers = new Set<Watcher>();
  #timer: Timer | undefined;
  #changes: Changes | undefined;
  /** Downloads that have ended since the last second. */
  #ended: ObservedDownload[] = [];
  /** The last problems, what they were made from, and when. */
  #problems: { all: ProblemJson[]; from: string; timeMs: number } | undefined;
  /** Running requests for the status, and for the problems. */
  #asking: Promise<StatusJson> | undefined;
  #finding: Promise<ProblemJson[]> | undefined;

  constructor(host: ObservedHost, overview: Pick<Overview, "problems">) {
    this.#host = host;
    this.#overview = overview;
  }

  /** Number of watchers. */
  get size(): number {
    return this.#watchers.size;
  }

  /**
   * Reports events until a signal aborts.
   *
   * @param ending aborts when the host stops
   */
  async watch(
    { kinds }: RequestOf<"watch">,
    { signal, onEvent = () => {} }: CallOptions<WatchEvent>,
    ending: AbortSignal,
  ): Promise<void> {
    if (signal?.aborted || ending.aborted) return;
    const ended = Promise.withResolvers<void>();
    const end = () => ended.resolve();
    const watcher: Watcher = {
      wants: (kind) => kinds?.includes(kind) ?? true,
      tell: (event) => {
        try {
          onEvent(event);
        } catch (error) {
          // The others go on watching.
          ended.reject(error);
        }
      },
      lastSeq: this.#host.log?.lastSeq ?? 0,
    };
    signal?.addEventListener("abort", end, { once: true });
    ending.addEventListener("abort", end, { once: true });
    this.#watchers.add(watcher);
    this.#start();
    try {
      // The first events come at once: a page shows them when it opens.
      await this.#greet(watcher);
      await ended.promise;
    } finally {
      signal?.removeEventListener("abort", end);
      ending.removeEventListener("abort", end);
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#stop();
    }
  }

  #start(): void {
    if (this.#timer) return;
    this.#changes = this.#changesNow();
    this.#host.downloads.onEnd = (ended) => {
      if (this.#ended.length < MAX_ENDED) this.#ended.push(ended);
    };
    this.#wait();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#changes = undefined;
    this.#host.downloads.onEnd = undefined;
    this.#ended = [];
    this.#problems = undefined;
  }

  /** Looks again in a second. A look that takes longer than that delays the next one. */
  #wait(): void {
    const timer = this.#host.clock.after(INTERVAL_MS, async () => {
      // The engine may have died: then the host is about to end.
      await this.#look().catch(() => {});
      if (this.#timer === timer) this.#wait();
    });
    this.#timer = timer;
  }

  async #greet(watcher: Watcher): Promise<void> {
    if (!watcher.wants("rates") && !watcher.wants("problems")) return;
    const status = await this.#status();
    if (!this.#watchers.has(watcher)) return;
    if (watcher.wants("rates")) watcher.tell(this.#rates(status));
    if (watcher.wants("problems")) this.#tellProblems(watcher, await this.#findProblems(status));
  }

  async #look(): Promise<void> {
    this.#tellLog();
    this.#tellProgress();
    this.#tellChanges();
    if (!this.#isWanted("rates") && !this.#isWanted("problems")) return;
    const status = await this.#status();
    this.#tell(this.#rates(status));
    if (!this.#isWanted("problems")) return;
    const problems = await this.#findProblems(status);
    for (const watcher of this.#watchers) {
      if (watcher.wants("problems")) this.#tellProblems(watcher, problems);
    }
  }

  /** Returns the status; calls at the same time share one. */
  #status(): Promise<StatusJson> {
    return this.#asking ??= this.#host.operations.status().finally(() => this.#asking = undefined);
  }

  #rates(status: StatusJson): WatchEvent {
    const { uploadSpeed, downloadSpeed, peersConnected: peers, manager } = status;
    const { roundTripMs } = manager;
    return {
      ...{ kind: "rates", timeMs: this.#host.clock.now(), uploadSpeed, downloadSpeed, peers },
      ...packetsOf(status),
      ...(roundTripMs !== undefined && { roundTripMs }),
    };
  }

  #tellLog(): void {
    const { log } = this.#host;
    if (!log) return;
    for (const watcher of this.#watchers) {
      if (!watcher.wants("log") || watcher.lastSeq === log.lastSeq) continue;
      const { lines, lastSeq } = log.read({ after: watcher.lastSeq });
      watcher.lastSeq = lastSeq;
      for (const line of lines) watcher.tell({ kind: "log", line });
    }
  }

  #tellProgress(): void {
    const ended = this.#ended;
    this.#ended = [];
    if (!this.#isWanted("progress")) return;
    for (const one of this.#host.downloads.running()) this.#tell(progressOf(one, false));
    for (const one of ended) this.#tell(progressOf(one, true));
  }

  #tellChanges(): void {
    const before = this.#changes;
    const now = this.#changes = this.#changesNow();
    if (before && before.packages !== now.packages) this.#tell({ kind: "packages" });
    if (before && before.records !== now.records) this.#tell({ kind: "records" });
  }

  #changesNow(): Changes {
    const { packages, recordOperations } = this.#host;
    return { packages: packages.changes, records: recordOperations.changes };
  }

  /** Returns the problems, which are looked for only if something has changed. */
  async #findProblems(status: StatusJson): Promise<ProblemJson[]> {
    const timeMs = this.#host.clock.now();
    const { dht, dht6, binding, gate, reachability, unmirrored, webhook } = status;
    const from = JSON.stringify([
      ...[this.#changesNow(), dht, dht6?.state, binding, gate, reachability.reachable, unmirrored],
      ...[this.#host.follows()?.isFull, webhook?.failure],
    ]);
    const before = this.#problems;
    const ageMs = before ? Math.abs(timeMs - before.timeMs) : Infinity;
    const isDue = ageMs >= PROBLEMS_ANYWAY_MS || ageMs >= PROBLEMS_MS && from !== before?.from;
    if (before && !isDue) return before.all;
    const finding = this.#finding ??= this.#overview.problems(status)
      .finally(() => this.#finding = undefined);
    const all = await finding;
    if (this.#watchers.size > 0) this.#problems = { all, from, timeMs };
    return all;
  }

  #tellProblems(watcher: Watcher, problems: ProblemJson[]): void {
    const json = JSON.stringify(problems);
    if (!this.#watchers.has(watcher) || watcher.problems === json) return;
    watcher.problems = json;
    watcher.tell({ kind: "problems", problems });
  }

  #isWanted(kind: WatchKind): boolean {
    return [...this.#watchers].some((watcher) => watcher.wants(kind));
  }

  #tell(event: WatchEvent): void {
    for (const watcher of this.#watchers) if (watcher.wants(event.kind)) watcher.tell(event);
  }
}

function progressOf(
  { infoHash, fileName, progress, error }: ObservedDownload,
  done: boolean,
): WatchEvent {
  const label = fileName === undefined ? undefined : labelOfArchive(fileName);
  const { lengthBytes = 0, downloadedBytes = 0, peers = 0, downloadSpeed = 0 } = progress ?? {};
  return {
    ...{ kind: "progress", infoHash, lengthBytes, downloadedBytes, peers, downloadSpeed, done },
    ...(label !== undefined && { label }),
    ...(error && { error: error.message }),
  };
}

/** Returns `NAME@VERSION` of an archive's usual file name. */
function labelOfArchive(fileName: string): string | undefined {
  if (!isArchiveFileName(fileName)) return undefined;
  const parts = /^(.+?)-(\d+\.\d+\.\d+.*)\.tgz$/.exec(fileName);
  return parts ? `${parts[1]!.replace("+", "/")}@${parts[2]}` : undefined;
}
