/**
 * Watches the seed directory for archives that are added, changed or removed, by file events or by polling.
 * An archive is reported only after it has stopped changing, so that a file is not verified while it is
 * being copied.
 *
 * @module
 */

import { basename, join } from "node:path";
import { type Clock, CompactMap, delay, pause, slices, type Timer } from "../../base/mod.ts";
import type { WatchMode } from "../../config/mod.ts";
import {
  type DirectoryListing,
  directoryStamp,
  isArchiveName,
  markOf,
  stampOf,
} from "../../store/mod.ts";
import { isOtherName } from "./listing.ts";

/** Callbacks for changes that the watcher finds. */
export interface WatchTarget {
  /** Called when an archive was added or changed, and has stopped changing. Must not reject. */
  arrived(fileName: string): Promise<void>;
  /** Called when an archive was removed. Must not reject. */
  left(fileName: string): Promise<void>;
  /** Called after a scan that has listed a large directory, if nothing in it needs another scan. */
  listed?(listing: DirectoryListing): void;
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

/** Interval between polls if there are no file events (ms). */
const POLL_MS = 2_000;
/**
 * Interval between polls if there are file events (ms). Polls are still needed, because the operating
 * system drops events if there are too many.
 */
const SAFETY_POLL_MS = 60_000;
/**
 * Maximum share of time that polling may take, without and with file events. After a slow poll, the pause
 * is extended to keep this share.
 */
const [MAX_SHARE, MAX_SAFETY_SHARE] = [1 / 400, 1 / 1_000];
/** Number of known archives that are taken over before other tasks of the event loop run. */
const TAKEN_AT_ONCE = 2_000;
/** Number of archives that a scan checks before it lets other tasks of the event loop run. */
const LOOK_AT_ONCE = 250;
/**
 * Number of archives from which on an unchanged directory is not listed again. Deno lists a directory in one
 * piece: 300,000 files leave 45 MiB in the heap of the C library. A listing of fewer costs nothing, and needs no
 * trust in the times of the file system.
 */
const MIN_LISTED = 1_000;
/** Time for which an archive has to be unchanged before it is reported (ms). */
const REST_MS = 1_000;

/** Watches one seed directory for added, changed and removed archives. */
export class SeedWatcher {
  readonly #options: WatchOptions;
  /** Marks (see `markOf`) of the archives by file name. */
  readonly #seen = new CompactMap();
  /** File names of the archives in `#seen` that may be changing still. */
  readonly #unsettled = new Set<string>();
  /** Names of links, symbolic and hard, for which a warning was emitted. */
  readonly #links = new Set<string>();
  /** Whether files beside archives may have hard links: no scan has examined them yet. */
  #mayHaveLinks = true;
  #mode: WatchMode;
  #events: Deno.FsWatcher | undefined;
  #timer: Timer | undefined;
  #dueMs = 0;
  /** Duration of the last full scan, without the time spent in callbacks (ms). */
  #lookedMs = 0;
  #scanning: Promise<void> | undefined;
  /** File names of archives to check in the next scan: they had a file event, or were still changing. */
  readonly #changed = new Set<string>();
  /** Stamp of the directory (see `directoryStamp`) at a listing; `#seen` has all archives of that. */
  #listedStamp: string | undefined;
  /** The listing of the scan under way. */
  #listing: DirectoryListing | undefined;
  /** Whether file events were lost, so that the next scan has to check all archives. */
  #all = false;
  #again = false;
  #stopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#mode = options.mode;
  }

  /**
   * Scans the directory and starts to watch it. Resolves after the first scan.
   *
   * @param known marks (see `markOf`) by file name of archives that are seeded already. They are reported only
   * if they have changed or were removed since
   * @param listedStamp stamp of the directory (see `directoryStamp`) at a listing that has found just these. The
   * directory is not listed again if it has this stamp still
   */
  async start(
    known: Iterable<[fileName: string, mark: string]> = [],
    listedStamp?: string,
  ): Promise<void> {
    this.#listedStamp = listedStamp;
    for (const [fileName, mark] of known) {
      this.#seen.set(fileName, mark);
      if (this.#seen.size % TAKEN_AT_ONCE === 0) await pause();
    }
    this.#listen();
    await this.#scan(true, true);
  }

  /** Changes the watch mode: file events, polling or off. */
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

  /** Stops watching. The promise resolves when the running scan has ended. */
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

  /** Pause before the next scan, unless a file event causes an earlier scan (ms). */
  get #pauseMs(): number {
    return this.#events
      ? Math.max(SAFETY_POLL_MS, this.#lookedMs / MAX_SAFETY_SHARE)
      : Math.max(POLL_MS, this.#lookedMs / MAX_SHARE);
  }

  /**
   * Schedules a scan in `delayMs` milliseconds. A scan that is already scheduled for an earlier time is
   * not postponed. So constant changes cannot delay scans forever.
   */
  #plan(delayMs = this.#pauseMs): void {
    if (this.#stopped || this.#mode === "off") return;
    const { clock } = this.#options;
    const dueMs = clock.now() + delayMs;
    if (this.#timer && this.#dueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined;
      // If no file events are pending, this scan is a regular poll and checks all archives.
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
    let isFirstSlice = true;
    for (const slice of slices(fileNames, LOOK_AT_ONCE)) {
      if (!isFirstSlice) await delay(clock, 0);
      isFirstSlice = false;
      if (this.#stopped) return;
      const beganMs = clock.now();
      const seen = slice.map((fileName) => this.#see(fileName, first));
      lookedMs += clock.now() - beganMs;
      for (const [i, fileName] of slice.entries()) {
        if (this.#stopped) return;
        if (seen[i] === "arrived") await target.arrived(fileName);
        else if (seen[i] === "left") await target.left(fileName);
      }
    }
    if (!all || this.#stopped) return;
    this.#lookedMs = lookedMs;
    this.#noteListing();
  }

  /** Notes what the scan has listed, so that the directory need not be listed again until it changes. */
  #noteListing(): void {
    const listing = this.#listing;
    this.#listing = undefined;
    if (!listing || listing.archives < MIN_LISTED || this.#unsettled.size > 0) return;
    this.#listedStamp = listing.stamp;
    // Links are warned of at each start, so the next start has to find them.
    if (this.#links.size === 0) this.#options.target.listed?.(listing);
  }

  /**
   * Returns the file names of the archives in the directory, sorted, after those of known archives that
   * were removed. If the directory has not changed since it was listed, these are the known ones.
   */
  #allNames(): Iterable<string> | undefined {
    const { directory, clock, onWarning } = this.#options;
    const stamp = directoryStamp(directory, clock.now());
    const isListed = stamp !== undefined && stamp === this.#listedStamp;
    // An archive that has changed is set again, and then is the last one. It is not looked at twice.
    if (isListed && !this.#all) return this.#seen.keys().take(this.#seen.size);
    try {
      const otherNames: string[] = [];
      const there: string[] = [];
      let known = 0;
      for (const entry of Deno.readDirSync(directory)) {
        const { name } = entry;
        const isArchive = isArchiveName(name);
        const isKnown = isArchive && this.#seen.has(name);
        if (isKnown) known++;
        if (isArchive) there.push(name);
        if (!isArchive) this.#warnOfLink(entry);
        if (isOtherName(name)) otherNames.push(name);
      }
      this.#all = this.#mayHaveLinks = false;
      there.sort();
      this.#listing = stamp === undefined
        ? undefined
        : { stamp, archives: there.length, otherNames };
      if (known === this.#seen.size) return there;
      const present = new Set(there);
      return [...[...this.#seen.keys()].filter((fileName) => !present.has(fileName)), ...there];
    } catch (error) {
      onWarning(`the seed directory cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }

  /**
   * Warns of a symbolic link, because the worker's sandbox follows it out of the seed directory, and of a
   * file with several names (hard links), which may lie elsewhere under another name. A link that is
   * named like an archive causes no warning here, since adding it as an archive fails with an error.
   *
   * Hard links are looked for in the first scan, but not among the files of archives that are seeded
   * already, because those were checked then. Later scans look at the files that belong to no archive,
   * which are few: seeding checks an archive's own files when it opens them.
   */
  #warnOfLink({ name, isSymlink, isFile }: Deno.DirEntry): void {
    const { directory, onWarning } = this.#options;
    if (!isSymlink && (!isFile || this.#isChecked(name))) return;
    if (this.#links.has(name)) return;
    const path = join(directory, name);
    if (isSymlink) {
      this.#links.add(name);
      return onWarning(
        `${path} is a symbolic link: it is not read, but the sandbox does not end at it. Remove it`,
      );
    }
    const names = namesOf(path);
    if (names <= 1) return;
    this.#links.add(name);
    onWarning(
      `${path} has ${names} names (hard links): it is not read, but the sandbox does not end at it. ` +
        `Remove this name, or make it a file of its own: ` +
        `cp -p ${path} ${path}.copy && mv ${path}.copy ${path}`,
    );
  }

  /** Whether a file need not be examined for hard links: it belongs to an archive that was. */
  #isChecked(fileName: string): boolean {
    const suffix = COMPANIONS.find((one) => fileName.endsWith(one));
    if (suffix === undefined) return false;
    return !this.#mayHaveLinks || this.#seen.has(`${fileName.slice(0, -suffix.length)}.tgz`);
  }

  /**
   * Checks one archive. Returns `arrived` if the archive was added or changed and has stopped changing, and
   * `left` if the archive was removed.
   */
  #see(fileName: string, first: boolean): "arrived" | "left" | undefined {
    const { directory, clock } = this.#options;
    const before = this.#seen.get(fileName);
    const wasSettled = before !== undefined && !this.#unsettled.has(fileName);
    const stamp = stampOf(join(directory, fileName));
    if (!stamp) {
      this.#unsettled.delete(fileName);
      return this.#seen.delete(fileName) ? "left" : undefined;
    }
    const mark = markOf(stamp);
    if (before === mark && wasSettled) return undefined;
    const isOld = first && (this.#mode === "off" || clock.now() - stamp.changedMs > REST_MS);
    this.#seen.set(fileName, mark);
    if (before === mark || isOld) {
      this.#unsettled.delete(fileName);
      return "arrived";
    }
    this.#unsettled.add(fileName);
    this.#changed.add(fileName);
    return undefined;
  }
}

/** Suffixes of the files beside an archive: its minimal manifest and its torrent. */
const COMPANIONS = [".minimal.json", ".torrent"] as const;

/** Number of names (hard links) of a file; 1 if the file is gone. */
function namesOf(path: string): number {
  try {
    return Deno.lstatSync(path).nlink ?? 1;
  } catch {
    return 1;
  }
}

/**
 * Returns the file name of the archive to which a file belongs. The file is either the archive itself or
 * the archive's manifest.
 */
function archiveOf(fileName: string): string | undefined {
  if (isArchiveName(fileName)) return fileName;
  const archive = fileName.replace(/\.minimal\.json$/, ".tgz");
  return archive !== fileName && isArchiveName(archive) ? archive : undefined;
}
