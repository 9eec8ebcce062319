/**
 * What makes a host a daemon: it seeds all that is and comes into the seed directory, and keeps the
 * records of other publishers' packages alive along with its own.
 *
 * @module
 */

import { type Clock, LibreseedError } from "../base/mod.ts";
import type { WatchMode } from "../config/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import { manifestSalt, targetOf } from "../records/mod.ts";
import type { ValidSeedEntry } from "../store/mod.ts";
import type { KeptRecords } from "./kept_records.ts";
import { minimalOf } from "./manifest_item.ts";
import type { NameKeeper } from "./name_keeper.ts";
import type { Packages } from "./packages.ts";
import { SeedWatcher } from "./watch.ts";
import type { WorkerHost } from "./worker_host.ts";

/** Options of {@linkcode Seeding}. */
export interface SeedingOptions {
  /** Absolute path of the seed directory. */
  directory: string;
  watch: WatchMode;
  clock: Clock;
  packages: Packages;
  records: KeptRecords;
  names: Pick<NameKeeper, "adopt">;
  worker: Pick<WorkerHost, "get" | "keepRecords">;
  onWarning: (message: string) => void;
}

/** Seeds what is in the seed directory for as long as it runs. */
export class Seeding {
  readonly #options: SeedingOptions;
  readonly #watcher: SeedWatcher;
  #stopped = false;

  constructor(options: SeedingOptions) {
    this.#options = options;
    const { directory, watch, clock, onWarning, packages } = options;
    this.#watcher = new SeedWatcher({
      directory,
      mode: watch,
      clock,
      onWarning,
      target: {
        arrived: (fileName) => this.#arrived(fileName),
        left: (fileName) => packages.drop(fileName),
      },
    });
  }

  /** Resolves when everything that is there has been looked at. */
  async start(): Promise<void> {
    await this.#watcher.start();
  }

  /** How to notice what comes and goes. */
  set watch(mode: WatchMode) {
    this.#watcher.mode = mode;
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watcher.stop();
  }

  async #arrived(fileName: string): Promise<void> {
    const { packages, onWarning } = this.#options;
    try {
      await this.#adoptRecord(await packages.add(fileName));
    } catch (error) {
      if (!this.#stopped) onWarning(`${fileName} is not seeded: ${(error as Error).message}`);
    }
  }

  /** Whoever seeds a package can keep its record alive too, without the key that signed it. */
  async #adoptRecord({ name, version, minimal }: ValidSeedEntry): Promise<void> {
    const { records, names, worker, clock } = this.#options;
    const publicKey = parsePublicKey(minimal.pubkey);
    const salt = manifestSalt(name, version);
    if (records.has(targetOf(publicKey, salt))) return;
    try {
      const { item } = await worker.get({ publicKey, salt });
      if (!item || minimalOf(item, minimal).infohash !== minimal.infohash) return;
      records.keep(item, { kind: "manifest", name, version }, false);
      await worker.keepRecords([{ item, dueMs: clock.now(), failures: 0 }]);
      await names.adopt(name, publicKey);
    } catch (error) {
      if (!(error instanceof LibreseedError)) throw error;
      // The DHT is off, or shows nonsense: the archive is seeded all the same.
    }
  }
}
