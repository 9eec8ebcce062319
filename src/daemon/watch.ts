/**
 * Notices archives that others put into the seed directory, change, or take away: by the system's
 * file events, or by looking every few seconds where there are none. An archive is touched only once
 * it has stopped changing, so one that arrives slowly, in pieces, is not judged too early.
 *
 * @module
 */

import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Timer } from "../base/mod.ts";
import type { WatchMode } from "../config/mod.ts";
import { minimalFileName } from "../package/mod.ts";
import { isArchiveName } from "../store/mod.ts";

/** What the watcher does with what it sees. */
export interface WatchTarget {
  /** The archive is new or was changed, and has come to rest. Does not reject. */
  arrived(fileName: string): Promise<void>;
  /** The archive is gone. Does not reject. */
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

/** How often to look without events. */
const POLL_MS = 2_000;
/** How often to look with them: events get lost when there are too many. */
const SAFETY_POLL_MS = 60_000;
/** A file that has not changed for so long has arrived. */
const REST_MS = 1_000;

interface Seen {
  /** Size, time and inode of the archive and of its manifest. */
  mark: string;
  settled: boolean;
}

/** Watches one seed directory. */
export class SeedWatcher {
  readonly #options: WatchOptions;
  readonly #seen = new Map<string, Seen>();
  #mode: WatchMode;
  #events: Deno.FsWatcher | undefined;
  #timer: Timer | undefined;
  #dueMs = 0;
  #scanning: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#mode = options.mode;
  }

  /** Takes in everything that is there, then watches. Resolves when all that is there was looked at. */
  async start(): Promise<void> {
    this.#listen();
    await this.#scan(true);
  }

  /** Changes how it watches. */
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

  /** Watches no more; resolves when nothing is under way. */
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
      for await (const { kind } of events) {
        if (kind !== "access") this.#plan(REST_MS);
      }
    } catch (error) {
      if (this.#stopped || this.#events !== events) return;
      this.#events = undefined;
      this.#options.onWarning(`file events ended: ${(error as Error).message}`);
      this.#plan();
    }
  }

  /** Looks again in so long, or sooner: constant change must not put it off for ever. */
  #plan(delayMs = this.#events ? SAFETY_POLL_MS : POLL_MS): void {
    if (this.#stopped || this.#mode === "off") return;
    const { clock } = this.#options;
    const dueMs = clock.now() + delayMs;
    if (this.#timer && this.#dueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#scan(false);
    });
  }

  async #scan(first: boolean): Promise<void> {
    if (this.#scanning) {
      this.#again = true;
      return;
    }
    this.#scanning = this.#look(first);
    let waiting = true;
    try {
      await this.#scanning;
      waiting = this.#again || [...this.#seen.values()].some(({ settled }) => !settled);
    } finally {
      this.#scanning = undefined;
      this.#again = false;
      this.#plan(waiting ? REST_MS : undefined);
    }
  }

  async #look(first: boolean): Promise<void> {
    const { directory, target, onWarning, clock } = this.#options;
    let names: string[];
    try {
      names = (await readdir(directory)).filter(isArchiveName).sort();
    } catch (error) {
      return onWarning(`the seed directory cannot be read: ${(error as Error).message}`);
    }
    const present = new Set(names);
    for (const fileName of this.#seen.keys()) {
      if (present.has(fileName)) continue;
      this.#seen.delete(fileName);
      await target.left(fileName);
    }
    for (const fileName of names) {
      if (this.#stopped) return;
      const { mark, changedMs } = await markOf(join(directory, fileName));
      const before = this.#seen.get(fileName);
      const isOld = first && (this.#mode === "off" || clock.now() - changedMs > REST_MS);
      if (before?.mark !== mark && !isOld) {
        this.#seen.set(fileName, { mark, settled: false });
      } else if (!before?.settled) {
        this.#seen.set(fileName, { mark, settled: true });
        await target.arrived(fileName);
      }
    }
  }
}

/** What tells that an archive or its manifest has changed, and when that was. */
async function markOf(archivePath: string): Promise<{ mark: string; changedMs: number }> {
  let mark = "";
  let changedMs = 0;
  for (const path of [archivePath, minimalFileName(archivePath)]) {
    try {
      const { size, mtimeMs, ctimeMs, ino } = await lstat(path);
      mark += `${size} ${mtimeMs} ${ino};`;
      changedMs = Math.max(changedMs, mtimeMs, ctimeMs);
    } catch {
      mark += "none;";
    }
  }
  return { mark, changedMs };
}
