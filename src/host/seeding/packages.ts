/**
 * The archives of the seed directory and their seeding. Each archive is verified before the worker seeds
 * it. The result is saved, so that an unchanged file is not hashed again.
 *
 * @module
 */

import { basename, join } from "node:path";
import {
  type Clock,
  eachLimited,
  equalBytes,
  fromHex,
  LibreseedError,
  pause,
} from "../../base/mod.ts";
import { type PackageJson } from "../../control/mod.ts";
import type { TorrentStatus } from "../../engine/mod.ts";
import { describeEntry, rememberVerified } from "../../fetching/mod.ts";
import {
  type ArchiveLimits,
  createSecretDetector,
  type MinimalManifest,
  parseMinimal,
  parseSha256,
  SecretCheck,
  type StartThread,
  verifyArchive,
} from "../../package/mod.ts";
import {
  knownSeedEntry,
  markOf,
  type SeedDirectory,
  type SeedEntry,
  stampOf,
  type StateDatabase,
  type ValidSeedEntry,
} from "../../store/mod.ts";
import type { Trust } from "../../trust/mod.ts";
import { HostError } from "../errors.ts";
import { Batch } from "../thread/mod.ts";
import { describeTorrent, mendedTorrent } from "./archive_torrent.ts";
import { knownArchives } from "./known_archives.ts";
import { packageToRemove, publisherOf } from "./package_to_remove.ts";
import { ArchiveProblems, SeededFiles } from "./seeded_files.ts";
import type { DatedOrder, Seeder } from "./seeder.ts";

/** Options of {@linkcode Packages}. */
export interface PackagesOptions {
  seeds: SeedDirectory;
  state: StateDatabase;
  /** Limits of an archive: maximum lengths, number of files, compression ratio and nesting depth. */
  limits: ArchiveLimits;
  seeder: Seeder;
  /** Knowledge of publishers' keys in this home. Archives that it refuses are not seeded. */
  trust: Trust;
  /** Whether an archive is published: this home keeps the signed manifest record of exactly this archive. */
  isPublished: (minimal: MinimalManifest) => boolean;
  /** Whether other clients find an archive by its infohash (hex); absent if nothing is announced. */
  isFindable?: (infoHashHex: string) => boolean;
  /** Starts a thread that hashes. Default: the calling thread hashes. */
  startThread?: StartThread;
  clock: Clock;
  onWarning: (message: string) => void;
}

/** Verifies, seeds, lists and removes the archives of one seed directory. */
export class Packages {
  readonly #seeds: SeedDirectory;
  readonly #state: StateDatabase;
  readonly #seeder: Seeder;
  readonly #trust: Trust;
  readonly #isPublished: PackagesOptions["isPublished"];
  readonly #isFindable: PackagesOptions["isFindable"];
  readonly #startThread: StartThread | undefined;
  /**
   * Detector of secrets. Created when an archive is first searched for secrets, since loading the rules
   * takes time.
   */
  #detector: ReturnType<typeof createSecretDetector> | undefined;
  /** Limits of an archive, see {@linkcode PackagesOptions}. A reload of the settings may change them. */
  limits: ArchiveLimits;
  /** Archives that the worker seeds, by file name in the seed directory. */
  readonly #seeding = new SeededFiles();
  readonly #adding = new Map<string, Promise<ValidSeedEntry>>();
  /** Problem of each archive that cannot be seeded, by file name in the seed directory. */
  readonly #problems = new ArchiveProblems();
  readonly #stopped = new AbortController();
  /** Verified archives that are not yet written to the state database. */
  readonly #verified: Batch<ValidSeedEntry>;

  constructor(options: PackagesOptions) {
    const { seeds, state, limits, seeder, trust, isPublished, clock, onWarning } = options;
    this.#isPublished = isPublished;
    this.#isFindable = options.isFindable;
    this.#startThread = options.startThread;
    this.#seeds = seeds;
    this.#state = state;
    this.#seeder = seeder;
    this.#trust = trust;
    this.limits = limits;
    this.#verified = new Batch({
      clock,
      write: (entries) =>
        state.transaction(() => entries.forEach((entry) => rememberVerified(state, entry))),
      onError: (error) =>
        onWarning(`the results of verification were not saved: ${(error as Error).message}`),
    });
  }

  /** Number of seeded archives, and number of archives that cannot be seeded because of a problem. */
  get counts(): { packages: number; problems: number } {
    return { packages: this.#seeding.size, problems: this.#problems.size };
  }

  /**
   * Seeds all archives that were verified before, without looking at their files: of a hundred thousand, that
   * takes seconds. The directory watcher looks at them in turn, with {@linkcode marks}, and the engine at each
   * one before a peer gets its content.
   */
  async addKnown(): Promise<void> {
    const known = knownArchives(this.#seeds.path, this.#state, this.#trust);
    // The next slice is read while the engine takes the one before.
    await eachLimited(known, 2, undefined, async (slice) => {
      const orders: DatedOrder[] = [];
      for (const { fileName, mark, order } of slice) {
        if (this.#seeding.has(fileName) || this.#adding.has(fileName)) continue;
        this.#seeding.set(fileName, { infoHashHex: order.infoHashHex, mark });
        orders.push(order);
      }
      if (orders.length > 0) await this.#seeder.seed(orders);
      // The host can answer commands between two slices.
      await pause();
    });
  }

  /** Yields the marks (see `markOf`) that the seeded archives had when they were verified, by file name. */
  marks(): Iterable<[fileName: string, mark: string]> {
    return this.#seeding.marks();
  }

  /**
   * Verifies an archive of the seed directory, unless it was verified before and is unchanged, and seeds
   * it. If a seeded archive has changed and fails verification, stops seeding the archive.
   *
   * @throws {HostError} `PACKAGE_NOT_FOUND` (kind `not-found`), or the problem of the entry
   * @throws {PackageError} for a failed verification step
   */
  async add(fileName: string): Promise<ValidSeedEntry> {
    // If a command and the directory watcher add the same archive, the second call waits.
    const before = this.#adding.get(fileName);
    const mine = (async () => {
      await before?.catch(() => {});
      return await this.#add(fileName);
    })();
    this.#adding.set(fileName, mine);
    try {
      return await mine;
    } finally {
      if (this.#adding.get(fileName) === mine) this.#adding.delete(fileName);
    }
  }

  async #add(fileName: string): Promise<ValidSeedEntry> {
    try {
      return await this.#take(fileName);
    } catch (error) {
      // If the verification was aborted, the archive is not marked as having a problem.
      if (this.#stopped.signal.aborted) throw error;
      if (!(error instanceof LibreseedError) || error.code !== "PACKAGE_NOT_FOUND") {
        await this.refuse(fileName, (error as Error).message);
      }
      throw error;
    }
  }

  async #take(fileName: string): Promise<ValidSeedEntry> {
    // The mark is read before the content, so that the next check detects a change during the reading.
    const stamp = stampOf(join(this.#seeds.path, fileName));
    const entry = await this.#seeds.entry(fileName);
    if (!entry) {
      throw new HostError(
        "not-found",
        "PACKAGE_NOT_FOUND",
        `There is no ${fileName} in the seed directory ${this.#seeds.path}`,
      );
    }
    if (entry.problem !== undefined) {
      throw new HostError("verification", entry.problemCode, entry.problem);
    }
    this.#trust.check(entry.minimal, entry.minimal.archiveSha256);
    if (!stamp) {
      throw new HostError("failed", "UNREADABLE", `${entry.archivePath} cannot be read now`);
    }
    const seeding = this.#seeding.get(fileName);
    const mark = markOf(stamp);
    if (seeding?.mark === mark) return entry;
    await this.#verify(entry);
    const torrent = await mendedTorrent(entry, this.#hashing);
    const { archivePath: filePath, sizeBytes: lengthBytes, minimal } = entry;
    const infoHashHex = minimal.btih;
    // A mark consists of a part for the archive file and a part for the manifest file. If only the
    // manifest's part has changed, the archive stays seeded.
    const isSame = seeding?.infoHashHex === infoHashHex &&
      seeding.mark.split(";")[0] === mark.split(";")[0];
    if (seeding && !isSame) await this.#seeder.unseed(seeding.infoHashHex);
    if (!isSame) await this.#seeder.seed([{ infoHashHex, filePath, torrent, lengthBytes }]);
    this.#seeding.set(fileName, { infoHashHex, mark });
    this.#problems.delete(fileName);
    return entry;
  }

  /**
   * Mends an archive that the engine could not seed. One that has changed is verified anew; of any other, the
   * torrent is rebuilt, because its `.torrent` file cannot be used.
   */
  async mend(infoHashHex: string): Promise<void> {
    for (const fileName of this.#seeding.ofInfoHash(infoHashHex)) {
      const stamp = stampOf(join(this.#seeds.path, fileName));
      if (!stamp) return await this.drop(fileName);
      if (this.#seeding.get(fileName)?.mark !== markOf(stamp)) return void await this.add(fileName);
      const entry = await this.entry(fileName);
      if (!entry || entry.problem !== undefined) return;
      const { torrent, lengthBytes } = await describeTorrent(entry, this.#hashing);
      if (this.#seeding.get(fileName)?.infoHashHex !== infoHashHex) return;
      const filePath = entry.archivePath;
      return await this.#seeder.seed([{ infoHashHex, filePath, torrent, lengthBytes }]);
    }
  }

  /** Returns the entry of an archive; if the archive is seeded and unchanged, from the state database. */
  async entry(fileName: string): Promise<SeedEntry | undefined> {
    const seeding = this.#seeding.get(fileName);
    const archivePath = join(this.#seeds.path, fileName);
    const stamp = seeding && stampOf(archivePath);
    const known = stamp && markOf(stamp) === seeding.mark &&
      this.#state.verifiedFiles.manifest(archivePath);
    if (!known) return await this.#seeds.entry(fileName);
    return knownSeedEntry(this.#seeds.path, fileName, parseMinimal(known));
  }

  /** Stops seeding an archive without deleting its files. */
  async drop(fileName: string): Promise<void> {
    const seeding = this.#seeding.get(fileName);
    this.#problems.delete(fileName);
    if (!seeding) return;
    this.#seeding.delete(fileName);
    await this.#seeder.unseed(seeding.infoHashHex);
  }

  /** Returns the infohash of the archive that is seeded under a file name. */
  seedOf(fileName: string): string | undefined {
    return this.#seeding.get(fileName)?.infoHashHex;
  }

  /** Whether an archive is seeded. */
  has(fileName: string): boolean {
    return this.#seeding.has(fileName);
  }

  /** Stops seeding an archive, and has `list` show why. */
  async refuse(fileName: string, problem: string): Promise<void> {
    await this.drop(fileName);
    this.#problems.set(fileName, problem);
  }

  /** Stops seeding an archive whose files were deleted, and deletes its cached verification result. */
  async left(fileName: string): Promise<void> {
    await this.drop(fileName);
    try {
      this.flush();
      this.#state.verifiedFiles.forget(join(this.#seeds.path, fileName));
    } catch {
      // A database row of a deleted file is harmless, because a row is compared with the file before use.
    }
  }

  /** Completes the removal of an archive that is gone: a kill may have left its manifest and its torrent. */
  async finishRemoval(fileName: string): Promise<void> {
    const infoHashHex = this.seedOf(fileName);
    await this.left(fileName);
    await this.#seeds.removeBeside(fileName);
    if (infoHashHex !== undefined) this.#state.mirrored.leave(fromHex(infoHashHex)!);
  }

  /**
   * Stops seeding a package and deletes its files.
   *
   * @param pubkey public key of the publisher (`ed25519:…`); required only if the seed directory has this
   * version from several publishers
   * @returns the public key of the publisher; `undefined` if the manifest is not readable
   * @throws {HostError} `PACKAGE_NOT_FOUND`, `PACKAGE_AMBIGUOUS`
   */
  async remove(name: string, version: string, pubkey?: string): Promise<string | undefined> {
    const entry = await packageToRemove(this.#seeds, name, version, pubkey).catch(async (error) => {
      // The directory watcher may not have noticed yet that the archive was deleted by hand.
      for (const path of this.#state.verifiedFiles.pathsOf(name, version)) {
        if (!stampOf(path)) await this.left(basename(path));
      }
      throw error;
    });
    await this.drop(entry.fileName);
    await this.#seeds.remove(entry.fileName);
    await this.left(entry.fileName);
    // A copy that the user puts there later is no mirrored archive.
    if (entry.problem === undefined) this.#state.mirrored.leave(fromHex(entry.minimal.btih)!);
    return publisherOf(entry);
  }

  /** Number of changes so far of what is seeded, and of what has a problem. */
  get changes(): number {
    return this.#seeding.changes + this.#problems.changes;
  }

  /** Lists the archives that cannot be seeded because of a problem. */
  problems(): Promise<PackageJson[]> {
    return this.list([], this.#problems.fileNames());
  }

  /** Lists all archives of the seed directory, or those that are named, with their seeding state. */
  async list(
    torrents: TorrentStatus[],
    fileNames: readonly string[] = this.#seeds.fileNames(),
  ): Promise<PackageJson[]> {
    this.flush();
    const byInfoHash = new Map(torrents.map((torrent) => [torrent.infoHashHex, torrent]));
    const listed: PackageJson[] = [];
    for (const fileName of fileNames) {
      const seeding = this.#seeding.has(fileName);
      const entry = await this.entry(fileName).catch((error) => error as Error);
      if (!entry) continue;
      if (entry instanceof Error) {
        // An unreadable archive is part of the list, and does not prevent listing the others.
        const path = join(this.#seeds.path, fileName);
        const problem = this.#problems.get(fileName) ?? entry.message;
        listed.push({ path, lengthBytes: 0, seeding, name: fileName, version: "", problem });
        continue;
      }
      const infoHash = entry.problem === undefined ? entry.minimal.btih : "";
      listed.push(await this.describe(entry, byInfoHash.get(infoHash)));
    }
    return listed;
  }

  /** Describes one archive with its seeding state; `torrent` is the status of its torrent, if it is seeded. */
  async describe(entry: SeedEntry, torrent?: TorrentStatus): Promise<PackageJson> {
    return {
      ...await describeEntry(entry, this.has(entry.fileName), this.#problems.get(entry.fileName)),
      ...(torrent && { peers: torrent.peers, uploadedBytes: torrent.uploadedBytes }),
      ...(torrent && this.#isFindable && { findable: this.#isFindable(torrent.infoHashHex) }),
    };
  }

  /** Yields the file names of seeded archives whose records this home does not keep, in parts. */
  *withoutRecords(): Generator<string[]> {
    this.flush();
    for (const paths of this.#state.verifiedFiles.withoutRecords()) {
      yield paths.map((path) => basename(path)).filter((fileName) => this.has(fileName));
    }
  }

  /** Aborts running verifications and prevents further ones. The next start repeats them. */
  stop(): void {
    this.#stopped.abort(new HostError("failed", "HOST_STOPPING", "The host is stopping"));
  }

  /** Writes the collected verification results to the state database now. */
  flush(): void {
    this.#verified.flush();
  }

  /**
   * Verifies an archive against its minimal manifest. Also searches the archive for secrets, because a user
   * may have copied it into the directory by hand. An archive that was verified before is not verified
   * again. An archive that was published here is not searched for secrets.
   */
  async #verify(entry: ValidSeedEntry): Promise<void> {
    const { archivePath, minimal } = entry;
    const sha256 = parseSha256(minimal.archiveSha256)!;
    const known = this.#state.verifiedFiles.find(archivePath, entry);
    if (!known || !equalBytes(known.sha256, sha256)) {
      const secrets = this.#isPublished(minimal)
        ? undefined
        : await SecretCheck.create([], await (this.#detector ??= createSecretDetector()));
      const { limits } = this;
      const { signal } = this.#stopped;
      await verifyArchive({ archivePath, minimal, limits, secrets, signal });
      const toAllow = `\`libreseed add ${archivePath} --allow-secret PATH\` lets one in`;
      secrets?.refuse(basename(archivePath), toAllow);
    }
    this.#verified.add(entry);
  }

  get #hashing() {
    return { startThread: this.#startThread, signal: this.#stopped.signal };
  }
}
