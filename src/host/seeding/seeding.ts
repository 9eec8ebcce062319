/**
 * Seeding by the daemon: seeds all archives that are in the seed directory or are added later. Adopts
 * records of other publishers' packages, which means that this daemon keeps the records alive in the DHT.
 *
 * @module
 */

import { join } from "node:path";
import {
  type Clock,
  eachLimited,
  every,
  inTurns,
  LibreseedError,
  type Timer,
} from "../../base/mod.ts";
import type { WatchMode } from "../../config/mod.ts";
import { minimalOf } from "../../fetching/mod.ts";
import { parsePublicKey } from "../../identity/mod.ts";
import { signingKeyOf } from "../../package/mod.ts";
import { encodeItem, manifestSalt, targetOf } from "../../records/mod.ts";
import {
  type DirectoryListing,
  hasManifestBeside,
  hasTorrentBeside,
  type ListingsTable,
  stampOf,
  type ValidSeedEntry,
} from "../../store/mod.ts";
import type { AdoptedLists, KeptRecords, NameKeeper } from "../records/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import type { Packages } from "./packages.ts";
import { isTemporary, Retries } from "./retries.ts";
import type { RevocationWatch } from "./revocation_watch.ts";
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
  revocations: Pick<RevocationWatch, "start" | "stop">;
  listings: Pick<ListingsTable, "get" | "set">;
  worker: Pick<WorkerHandle, "get" | "keepRecords">;
  /** Returns the number of packages whose records are looked up again in an hour. */
  adoptsAtOnce: () => number;
  onWarning: (message: string) => void;
}

/** Interval between lookups of other publishers' records that were not found before (ms). */
const ADOPT_AGAIN_MS = 60 * 60_000;
/** Maximum number of packages whose records are looked up and adopted concurrently. */
const MAX_ADOPTING = 4;

/** Seeds the archives of the seed directory until `stop` is called. */
export class Seeding {
  readonly #options: SeedingOptions;
  readonly #watcher: SeedWatcher;
  /**
   * Archives whose records have yet to be adopted, by file name. Adopting means to keep another
   * publisher's records alive.
   */
  readonly #toAdopt = new Set<string>();
  /**
   * Archives for which the DHT lacked the manifest record, the name index entry or the publisher's list;
   * by file name. Their records are looked up again later.
   */
  readonly #unlisted = new Set<string>();
  readonly #timer: Timer;
  readonly #retries: Retries;
  #adopting: Promise<unknown> | undefined;
  /**
   * Whether the results of verification stay although their archives are missing. They stay while a scan finds
   * no archive at all, so that the archives of a disk that is mounted later need not be hashed again.
   */
  #keepsRows = false;
  /** Whether the first scan is running, which finds what happened while no host was. */
  #isStarting = false;
  #stopped = false;

  constructor(options: SeedingOptions) {
    this.#options = options;
    const { directory, watch, clock, onWarning } = options;
    this.#retries = new Retries(clock, (fileName) => this.#arrived(fileName));
    this.#watcher = new SeedWatcher({
      directory,
      mode: watch,
      clock,
      onWarning,
      target: {
        arrived: (fileName) => this.#arrived(fileName),
        left: (fileName) => this.#left(fileName),
        listed: (listing) => this.#listed(listing),
      },
    });
    this.#timer = every(clock, ADOPT_AGAIN_MS, () => {
      // A package whose lookup fails again moves to the end of the set, so that all packages get their
      // turn.
      for (const fileName of [...this.#unlisted].slice(0, options.adoptsAtOnce())) {
        this.#unlisted.delete(fileName);
        this.#adoptSoon(fileName);
      }
      this.#fetchCatalogs();
    });
  }

  /**
   * Starts seeding. The promise resolves when all archives in the directory have been processed.
   *
   * @param onKnown called when all archives are seeded that were verified before
   */
  async start(onKnown?: () => void): Promise<void> {
    if (this.#stopped) return;
    const { packages, listings, directory } = this.#options;
    await packages.addKnown();
    if (this.#stopped) return;
    onKnown?.();
    // An archive that was not verified before is only found by a listing.
    const listed = listings.get(directory);
    const isComplete = listed?.archives === packages.counts.packages;
    this.#keepsRows = areAllMissing(directory, packages.marks());
    this.#isStarting = true;
    await this.#watcher.start(packages.marks(), isComplete ? listed?.stamp : undefined);
    this.#isStarting = this.#keepsRows = false;
    this.#options.revocations.start();
    await inTurns(this.#adoptUnkept());
    this.#fetchCatalogs();
  }

  /** Stores a listing for the next start, unless there are archives that are not seeded. */
  #listed(listing: DirectoryListing): void {
    const { packages, listings, directory, onWarning } = this.#options;
    if (packages.counts.packages !== listing.archives) return;
    try {
      packages.flush();
      listings.set(directory, listing);
    } catch (error) {
      onWarning(`the listing of ${directory} was not saved: ${(error as Error).message}`);
    }
  }

  #fetchCatalogs(): void {
    const { lists, onWarning } = this.#options;
    lists.fetchCatalogs().catch((error) => onWarning((error as Error).message));
  }

  /** Changes the watch mode of the directory: file events, polling or off. */
  set watch(mode: WatchMode) {
    this.#watcher.mode = mode;
  }

  /** Stops seeding. The promise resolves when running verifications, adoptions and retries have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer.cancel();
    const { lists, revocations } = this.#options;
    await revocations.stop();
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
      // A temporary problem is reported only once. Until it is solved, `list` shows the problem.
      const isNews = !isPassing || this.#retries.failed(fileName);
      if (isNews) onWarning(`${fileName} is not seeded: ${(error as Error).message}`);
    }
  }

  /** Has the records of archives adopted that this home does not keep. */
  *#adoptUnkept(): Generator<void, void> {
    for (const fileNames of this.#options.packages.withoutRecords()) {
      for (const fileName of fileNames) this.#adoptSoon(fileName);
      yield;
    }
  }

  async #left(fileName: string): Promise<void> {
    const { packages, onWarning } = this.#options;
    this.#toAdopt.delete(fileName);
    this.#unlisted.delete(fileName);
    this.#retries.forget(fileName);
    if (this.#keepsRows) return await packages.drop(fileName);
    // Later, a user who replaces an archive may have deleted it for a moment: its manifest has to stay.
    if (!this.#isStarting) return await packages.left(fileName);
    try {
      await packages.finishRemoval(fileName);
    } catch (error) {
      onWarning(`the files beside ${fileName}, which is gone, remain: ${(error as Error).message}`);
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
        // Catalogs are fetched, since an adopted announce record may name a catalog that is missing.
        if (!this.#stopped) this.#fetchCatalogs();
      });
  }

  /**
   * Iterates over the archives whose records have yet to be adopted, including archives that are added
   * during the iteration.
   */
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
    // An archive that is not seeded any more, because its key is revoked, has no records to keep alive.
    if (!this.#options.packages.has(fileName)) return;
    if (entry && entry.problem === undefined) await this.#adopt(entry);
  }

  /**
   * Adopts the manifest record, name index entry and publisher's list of a package. These records are
   * signed, so any seeder can keep the records alive without the publisher's private key. Missing records
   * are looked up again later.
   */
  async #adopt(entry: ValidSeedEntry): Promise<void> {
    const { names, lists, onWarning } = this.#options;
    const { name, minimal, fileName } = entry;
    const identity = parsePublicKey(minimal.pubkey);
    const signingKey = signingKeyOf(minimal);
    try {
      const kept = await this.#adoptRecord(entry);
      const isNamed = kept && await names.adopt(name, identity);
      if (isNamed && await lists.adopt(identity, signingKey)) return;
    } catch (error) {
      if (this.#stopped) return;
      // The archive stays seeded even if the DHT is off or returns invalid records.
      if (!(error instanceof LibreseedError)) onWarning((error as Error).message);
    }
    this.#unlisted.add(fileName);
  }

  async #adoptRecord({ name, version, minimal }: ValidSeedEntry): Promise<boolean> {
    const { records, worker, clock } = this.#options;
    const publicKey = signingKeyOf(minimal);
    const salt = manifestSalt(name, version);
    if (records.has(targetOf(publicKey, salt))) return true;
    const { item } = await worker.get({ publicKey, salt });
    if (!item || minimalOf(item, minimal).archiveSha256 !== minimal.archiveSha256) return false;
    records.keep(item, { kind: "manifest", name, version }, false);
    await worker.keepRecords([{ item: encodeItem(item), dueMs: clock.now(), failures: 0 }]);
    return true;
  }
}

/**
 * Whether none of the known archives is in the directory, as when its disk is not mounted. A manifest or a
 * torrent without its archive tells that the disk is mounted.
 */
function areAllMissing(
  directory: string,
  known: Iterable<[fileName: string, mark: string]>,
): boolean {
  for (const [fileName] of known) {
    const path = join(directory, fileName);
    if (stampOf(path) || hasManifestBeside(path) || hasTorrentBeside(path)) return false;
  }
  return true;
}
