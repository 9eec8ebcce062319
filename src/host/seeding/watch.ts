/**
 * Watches the seed directory for archives that are added, changed or removed, by file events or by
 * polling. An archive counts as arrived only once it has stopped changing, so that a slow copy is not
 * verified too early.
 *
 * @module
 */

import { basename, join } from "node:path";
import { type Clock, delay, type Timer } from "../../base/mod.ts";
import type { WatchMode } from "../../config/mod.ts";
import { isArchiveName, markOf, stampOf } from "../../store/mod.ts";

/** Receiver of the watcher's findings. */
export interface WatchTarget {
  /** The archive is new or changed, and has stopped changing. Must not reject. */
  arrived(fileName: string): Promise<void>;
  /** The archive is gone. Must not reject. */
  left(fileName: string): Promise<void>;
}

/** Options of {@linkcode SeedWatcher}. */
export interface WatchOptions {
  /** Absolute path of the seed directory. */
  directory: string;
  mode: WatchMode;
  clock: Clock;
  target: WatchTarget;
  onWarning: (message: string) => void;
}

/** Poll interval without file events (ms). */
const POLL_MS = 2_000;
/** Poll interval with file events (ms), because the system drops events when there are too many. */
const SAFETY_POLL_MS = 60_000;
/**
 * Maximum share of time spent on polling without and with file events: the pause grows with the time that
 * the last scan took.
 */
const [MAX_SHARE, MAX_SAFETY_SHARE] = [1 / 400, 1 / 1_000];
/** Number of archives to scan before yielding to other work. */
const LOOK_AT_ONCE = 250;
/** Time without a change after which a file has arrived (ms). */
const REST_MS = 1_000;

interface Seen {
  /** Size, modification time and inode of the archive and its manifest. */
  mark: string;
  settled: boolean;
}

/** Watches one seed directory. */
export class SeedWatcher {
  readonly #options: WatchOptions;
  readonly #seen = new Map<string, Seen>();
  /** Symbolic links that were reported. */
  readonly #links = new Set<string>();
  #mode: WatchMode;
  #events: Deno.FsWatcher | undefined;
  #timer: Timer | undefined;
  #dueMs = 0;
  /** Duration of the last full scan, without the receiver's work (ms). */
  #lookedMs = 0;
  #scanning: Promise<void> | undefined;
  /** File names of archives with events since the last scan, or that were still changing then. */
  readonly #changed = new Set<string>();
  /** Whether events were lost, so that the next scan looks at all archives. */
  #all = false;
  #again = false;
  #stopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#mode = options.mode;
  }

  /**
   * Scans the directory, then watches it. Resolves after the first scan.
   *
   * @param known marks of archives that need not arrive again, by file name
   */
  async start(known: ReadonlyMap<string, string> = new Map()): Promise<void> {
    for (const [fileName, mark] of known) this.#seen.set(fileName, { mark, settled: true });
    this.#listen();
    await this.#scan(true, true);
  }

  /** Changes the watch mode. */
  set mode(mode: WatchMode) {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#events?.close();
    this.#events = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#listen();
    this.#plan();
  }

  /** Stops; resolves when the running scan has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#events?.close();
    await this.#scanning;
  }

  #listen(): void {
    if (this.#mode !== "events" || this.#stopped) return;
    const { directory, onWarning } = this.#options;
    try {
      this.#events = Deno.watchFs(directory, { recursive: false });
    } catch (error) {
      onWarning(
        `the system gives no file events for ${directory} (${
          (error as Error).message
        }); looking every ${POLL_MS / 1_000} s instead`,
      );
      return;
    }
    this.#follow(this.#events);
  }

  async #follow(events: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { kind, paths, flag } of events) {
        if (kind === "access") continue;
        if (flag === "rescan") this.#all = true;
        for (const path of paths) {
          const fileName = archiveOf(basename(path));
          if (fileName !== undefined) this.#changed.add(fileName);
        }
        if (this.#all || this.#changed.size > 0) this.#plan(REST_MS);
      }
    } catch (error) {
      if (this.#stopped || this.#events !== events) return;
      this.#events = undefined;
      this.#options.onWarning(`file events ended: ${(error as Error).message}`);
      this.#plan();
    }
  }

  /** Pause before the next scan without an event (ms). */
  get #pauseMs(): number {
    return this.#events
      ? Math.max(SAFETY_POLL_MS, this.#lookedMs / MAX_SAFETY_SHARE)
      : Math.max(POLL_MS, this.#lookedMs / MAX_SHARE);
  }

  /** Schedules a scan after `delayMs`; an earlier scan stays, so constant change cannot postpone it. */
  #plan(delayMs = this.#pauseMs): void {
    if (this.#stopped || this.#mode === "off") return;
    const { clock } = this.#options;
    const dueMs = clock.now() + delayMs;
    if (this.#timer && this.#dueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined;
      // Without events this is the safety poll, which looks at all archives.
      void this.#scan(false, this.#all || this.#changed.size === 0 || !this.#events);
    });
  }

  async #scan(first: boolean, all: boolean): Promise<void> {
    if (this.#scanning) {
      this.#again = true;
      return;
    }
    this.#scanning = this.#look(first, all);
    let waiting = true;
    try {
      await this.#scanning;
      waiting = this.#again || this.#changed.size > 0;
    } finally {
      this.#scanning = undefined;
      this.#again = false;
      this.#plan(waiting ? REST_MS : undefined);
    }
  }

  async #look(first: boolean, all: boolean): Promise<void> {
    const { target, clock } = this.#options;
    const fileNames = all ? this.#allNames() : [...this.#changed];
    if (!fileNames) return;
    this.#changed.clear();
    let lookedMs = 0;
    for (let at = 0; at < fileNames.length && !this.#stopped; at += LOOK_AT_ONCE) {
      const beganMs = clock.now();
      const slice = fileNames.slice(at, at + LOOK_AT_ONCE);
      const seen = slice.map((fileName) => this.#see(fileName, first));
      lookedMs += clock.now() - beganMs;
      for (const [i, fileName] of slice.entries()) {
        if (this.#stopped) return;
        if (seen[i] === "arrived") await target.arrived(fileName);
        else if (seen[i] === "left") await target.left(fileName);
      }
      if (at + LOOK_AT_ONCE < fileNames.length) await delay(clock, 0);
    }
    if (all) this.#lookedMs = lookedMs;
  }

  /** Names of the present archives and of those that have left. */
  #allNames(): string[] | undefined {
    const { directory, onWarning } = this.#options;
    try {
      const entries = [...Deno.readDirSync(directory)];
      this.#warnOfLinks(entries);
      const there = entries.map(({ name }) => name).filter(isArchiveName).sort();
      this.#all = false;
      const present = new Set(there);
      return [...[...this.#seen.keys()].filter((fileName) => !present.has(fileName)), ...there];
    } catch (error) {
      onWarning(`the seed directory cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Reports symbolic links, which the worker's sandbox follows. Linked archives are refused elsewhere. */
  #warnOfLinks(entries: Deno.DirEntry[]): void {
    const { directory, onWarning } = this.#options;
    for (const entry of entries) {
      const { name } = entry;
      if (!entry.isSymlink || isArchiveName(name) || this.#links.has(name)) continue;
      this.#links.add(name);
      onWarning(
        `${
          join(directory, name)
        } is a symbolic link: it is not read, but the sandbox does not end at ` +
          `it. Remove it`,
      );
    }
  }

  /** Looks at one archive, which has arrived if it is new or changed, and at rest. */
  #see(fileName: string, first: boolean): "arrived" | "left" | undefined {
    const { directory, clock } = this.#options;
    const before = this.#seen.get(fileName);
    // The archive is in the list of known ones, which was made just before.
    if (first && before?.settled) return undefined;
    const stamp = stampOf(join(directory, fileName));
    if (!stamp) return this.#seen.delete(fileName) ? "left" : undefined;
    const mark = markOf(stamp);
    if (before?.mark === mark && before.settled) return undefined;
    const isOld = first && (this.#mode === "off" || clock.now() - stamp.changedMs > REST_MS);
    const settled = before?.mark === mark || isOld;
    this.#seen.set(fileName, { mark, settled });
    if (settled) return "arrived";
    this.#changed.add(fileName);
    return undefined;
  }
}

/** Name of the archive that a file is, or whose manifest it is. */
function archiveOf(fileName: string): string | undefined {
  if (isArchiveName(fileName)) return fileName;
  const archive = fileName.replace(/\.minimal\.json$/, ".tgz");
  return archive !== fileName && isArchiveName(archive) ? archive : undefined;
}
