/**
 * The daemon's seeding: seeds all archives that are in the seed directory or arrive there, and adopts the
 * records of other publishers' packages.
 *
 * @module
 */

import { type Clock, eachLimited, every, LibreseedError, type Timer } from "../../base/mod.ts";
import type { WatchMode } from "../../config/mod.ts";
import { minimalOf } from "../../fetching/mod.ts";
import { parsePublicKey } from "../../identity/mod.ts";
import { encodeItem, manifestSalt, targetOf } from "../../records/mod.ts";
import type { ValidSeedEntry } from "../../store/mod.ts";
import type { AdoptedLists, KeptRecords, NameKeeper } from "../records/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import type { Packages } from "./packages.ts";
import { isTemporary, Retries } from "./retries.ts";
import { SeedWatcher } from "./watch.ts";

/** Options of {@linkcode Seeding}. */
export interface SeedingOptions {
  /** Absolute path of the seed directory. */
  directory: string;
  watch: WatchMode;
  clock: Clock;
  packages: Packages;
  records: KeptRecords;
  names: Pick<NameKeeper, "adopt">;
  lists: Pick<AdoptedLists, "adopt" | "fetchCatalogs" | "stop">;
  worker: Pick<WorkerHandle, "get" | "keepRecords">;
  onWarning: (message: string) => void;
}

/** Interval of further lookups for records of foreign packages that were not found (ms). */
const ADOPT_AGAIN_MS = 60 * 60_000;
/** Maximum number of packages in one of these rounds. */
const ADOPT_AT_ONCE = 50;
/** Number of packages that are adopted concurrently. */
const MAX_ADOPTING = 4;

/** Seeds the seed directory until `stop`. */
export class Seeding {
  readonly #options: SeedingOptions;
  readonly #watcher: SeedWatcher;
  /** File names of archives whose record and name entry are to be adopted. */
  readonly #toAdopt = new Set<string>();
  /** File names of archives without a record in the DHT, or without an entry in the name index. */
  readonly #unlisted = new Set<string>();
  readonly #timer: Timer;
  readonly #retries: Retries;
  #adopting: Promise<unknown> | undefined;
  #stopped = false;

  constructor(options: SeedingOptions) {
    this.#options = options;
    const { directory, watch, clock, onWarning, packages } = options;
    this.#retries = new Retries(clock, (fileName) => this.#arrived(fileName));
    this.#watcher = new SeedWatcher({
      directory,
      mode: watch,
      clock,
      onWarning,
      target: {
        arrived: (fileName) => this.#arrived(fileName),
        left: async (fileName) => {
          this.#toAdopt.delete(fileName);
          this.#unlisted.delete(fileName);
          this.#retries.forget(fileName);
          await packages.left(fileName);
        },
      },
    });
    this.#timer = every(clock, ADOPT_AGAIN_MS, () => {
      // Packages that fail again move to the end of the set.
      for (const fileName of [...this.#unlisted].slice(0, ADOPT_AT_ONCE)) {
        this.#unlisted.delete(fileName);
        this.#adoptSoon(fileName);
      }
      this.#fetchCatalogs();
    });
  }

  /** Resolves when all present archives have been looked at. */
  async start(): Promise<void> {
    if (this.#stopped) return;
    const { packages } = this.#options;
    const known = await packages.addKnown();
    await this.#watcher.start(known);
    for (const fileName of packages.withoutRecords()) this.#adoptSoon(fileName);
    this.#fetchCatalogs();
  }

  #fetchCatalogs(): void {
    const { lists, onWarning } = this.#options;
    lists.fetchCatalogs().catch((error) => onWarning((error as Error).message));
  }

  /** Changes how the directory is watched. */
  set watch(mode: WatchMode) {
    this.#watcher.mode = mode;
  }

  /** Stops; resolves when running work has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer.cancel();
    const { lists } = this.#options;
    await Promise.all([this.#watcher.stop(), this.#retries.stop(), this.#adopting, lists.stop()]);
  }

  async #arrived(fileName: string): Promise<void> {
    const { packages, onWarning } = this.#options;
    try {
      await packages.add(fileName);
      this.#retries.forget(fileName);
      this.#adoptSoon(fileName);
    } catch (error) {
      if (this.#stopped) return;
      const isPassing = isTemporary(error);
      if (!isPassing) this.#retries.forget(fileName);
      // Reported once; `list` shows the problem while it lasts.
      const isNews = !isPassing || this.#retries.failed(fileName);
      if (isNews) onWarning(`${fileName} is not seeded: ${(error as Error).message}`);
    }
  }

  #adoptSoon(fileName: string): void {
    this.#toAdopt.add(fileName);
    if (this.#stopped) return;
    this.#adopting ??= eachLimited(
      this.#waiting(),
      MAX_ADOPTING,
      undefined,
      (one) => this.#adoptFile(one),
    )
      .finally(() => {
        this.#adopting = undefined;
        // An adopted list may name a new catalog.
        if (!this.#stopped) this.#fetchCatalogs();
      });
  }

  /** The files to adopt, with those that arrive after the last one was taken. */
  #waiting(): Iterable<string> {
    const next = (): IteratorResult<string> => {
      const { value, done } = this.#toAdopt.values().next();
      if (done || this.#stopped) return { done: true, value: undefined };
      this.#toAdopt.delete(value);
      return { done: false, value };
    };
    return { [Symbol.iterator]: () => ({ next }) };
  }

  async #adoptFile(fileName: string): Promise<void> {
    const entry = await this.#options.packages.entry(fileName).catch(() => undefined);
    if (entry && entry.problem === undefined) await this.#adopt(entry);
  }

  /**
   * Adopts a package's record, name entry and publisher's list: they are signed, so a seeder can keep them
   * alive without the publisher's key. Missing ones are looked for again later.
   */
  async #adopt(entry: ValidSeedEntry): Promise<void> {
    const { names, lists, onWarning } = this.#options;
    const { name, minimal, fileName } = entry;
    const publicKey = parsePublicKey(minimal.pubkey);
    try {
      const kept = await this.#adoptRecord(entry);
      if (kept && await names.adopt(name, publicKey) && await lists.adopt(publicKey)) return;
    } catch (error) {
      if (this.#stopped) return;
      // The archive is seeded even if the DHT is off or shows invalid records.
      if (!(error instanceof LibreseedError)) onWarning((error as Error).message);
    }
    this.#unlisted.add(fileName);
  }

  async #adoptRecord({ name, version, minimal }: ValidSeedEntry): Promise<boolean> {
    const { records, worker, clock } = this.#options;
    const publicKey = parsePublicKey(minimal.pubkey);
    const salt = manifestSalt(name, version);
    if (records.has(targetOf(publicKey, salt))) return true;
    const { item } = await worker.get({ publicKey, salt });
    if (!item || minimalOf(item, minimal).archiveSha256 !== minimal.archiveSha256) return false;
    records.keep(item, { kind: "manifest", name, version }, false);
    await worker.keepRecords([{ item: encodeItem(item), dueMs: clock.now(), failures: 0 }]);
    return true;
  }
}
