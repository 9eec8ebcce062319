/**
 * What is in the seed directory and what of it is seeded. Verifies each archive before the worker
 * gets to seed it, and remembers that it did, so that an unchanged file is not hashed again.
 *
 * @module
 */

import { equalBytes, fromHex, LibreseedError } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { TorrentStatus } from "../engine/mod.ts";
import {
  archiveFileName,
  type ArchiveLimits,
  defaultArchiveLimits,
  describeArchive,
  parseSha256,
  verifyArchive,
} from "../package/mod.ts";
import type { SeedDirectory, SeedEntry, StateDatabase, ValidSeedEntry } from "../store/mod.ts";
import { DaemonError } from "./errors.ts";
import { magnetOf } from "./manifest_item.ts";
import type { PackageJson } from "./operations.ts";

/** The part of the worker that this needs. */
export interface Seeder {
  seed(infoHashHex: string, torrent: Uint8Array, filePath: string): Promise<void>;
  unseed(infoHashHex: string): Promise<void>;
}

/** The seed directory, and what of it is seeded. */
export class Packages {
  readonly #seeds: SeedDirectory;
  readonly #state: StateDatabase;
  readonly #seeder: Seeder;
  /** What archives may not exceed. */
  limits: ArchiveLimits;
  /** What is seeded, by file name. */
  readonly #seeding = new Map<string, ValidSeedEntry>();
  readonly #adding = new Map<string, Promise<ValidSeedEntry>>();
  /** What cannot be seeded and why, by file name. */
  readonly #problems = new Map<string, string>();

  constructor(
    seeds: SeedDirectory,
    state: StateDatabase,
    limits: ArchiveLimits,
    seeder: Seeder,
  ) {
    this.#seeds = seeds;
    this.#state = state;
    this.#seeder = seeder;
    this.limits = limits;
  }

  /** How many are seeded. */
  get count(): number {
    return this.#seeding.size;
  }

  /**
   * Verifies an archive of the seed directory, unless that was done before, and seeds it. One that
   * was seeded and is no longer what was signed is not seeded any more.
   *
   * @throws {DaemonError} `PACKAGE_NOT_FOUND` (kind `not-found`), or what is wrong with the entry
   * @throws {PackageError} whichever step of the verification chain failed
   */
  async add(fileName: string): Promise<ValidSeedEntry> {
    // A command and the watcher may come upon the same archive at the same moment.
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
    const entry = await this.#seeds.entry(fileName);
    if (!entry) {
      throw new DaemonError(
        "not-found",
        "PACKAGE_NOT_FOUND",
        `There is no ${fileName} in the seed directory ${this.#seeds.path}`,
      );
    }
    const seeding = this.#seeding.get(fileName);
    try {
      if (entry.problem !== undefined) {
        throw new DaemonError("verification", entry.problemCode, entry.problem);
      }
      if (seeding && isSame(seeding, entry)) return seeding;
      await this.#verify(entry);
    } catch (error) {
      await this.drop(fileName);
      this.#problems.set(fileName, (error as Error).message);
      throw error;
    }
    if (seeding) await this.drop(fileName);
    await this.#seed(entry);
    this.#seeding.set(fileName, entry);
    this.#problems.delete(fileName);
    return entry;
  }

  /** No longer seeds the archive; what lies in the seed directory stays. */
  async drop(fileName: string): Promise<void> {
    const entry = this.#seeding.get(fileName);
    this.#problems.delete(fileName);
    if (!entry) return;
    this.#seeding.delete(fileName);
    await this.#seeder.unseed(entry.minimal.btih);
  }

  /**
   * Seeds a package no more and takes it out of the seed directory.
   *
   * @param pubkey of its publisher, `ed25519:…`; needed only if there are several
   * @returns its publisher, where its manifest says who that is
   * @throws {DaemonError} `PACKAGE_NOT_FOUND`, `PACKAGE_AMBIGUOUS`
   */
  async remove(name: string, version: string, pubkey?: string): Promise<string | undefined> {
    const label = `${name}@${version}`;
    const entries = (await this.#seeds.named(name, version))
      .filter((entry) => pubkey === undefined || publisherOf(entry) === pubkey);
    const [entry, ...others] = entries;
    if (!entry) {
      // Whoever deleted the archive by hand may have left what lay beside it.
      if (pubkey === undefined) await this.#seeds.remove(archiveFileName(name, version));
      throw new DaemonError(
        "not-found",
        "PACKAGE_NOT_FOUND",
        `There is no ${label}${
          pubkey === undefined ? "" : ` by ${pubkey}`
        } in the seed directory ${this.#seeds.path}`,
      );
    }
    if (others.length > 0) {
      const publishers = entries.map(publisherOf).filter((one) => one !== undefined);
      throw new DaemonError(
        "usage",
        "PACKAGE_AMBIGUOUS",
        `Several publishers' ${label} are in the seed directory. Name one: ${
          publishers.map((one) => `${one}/${label}`).join(", ")
        }`,
        { detail: { publishers } },
      );
    }
    await this.drop(entry.fileName);
    await this.#seeds.remove(entry.fileName);
    return publisherOf(entry);
  }

  /** Everything in the seed directory, and how it is seeded. */
  async list(torrents: TorrentStatus[]): Promise<PackageJson[]> {
    const byInfoHash = new Map(torrents.map((torrent) => [torrent.infoHashHex, torrent]));
    return (await this.#seeds.list()).map((entry) => {
      const seeding = this.#seeding.has(entry.fileName);
      const torrent = entry.problem === undefined ? byInfoHash.get(entry.minimal.btih) : undefined;
      return {
        ...describeEntry(entry, seeding, this.#problems.get(entry.fileName)),
        ...(torrent && { peers: torrent.peers, uploadedBytes: torrent.uploadedBytes }),
      };
    });
  }

  /** Sees to it that the archive is what its minimal manifest says. */
  async #verify(entry: ValidSeedEntry): Promise<void> {
    const { archivePath, minimal } = entry;
    const sha256 = parseSha256(minimal.infohash)!;
    const known = this.#state.verifiedFiles.find(archivePath, entry);
    if (known && equalBytes(known.sha256, sha256)) return;
    await verifyArchive({ archivePath, minimal, limits: this.limits });
    rememberVerified(this.#state, entry);
  }

  async #seed({ minimal, archivePath, hasTorrent, torrentPath }: ValidSeedEntry) {
    if (hasTorrent) {
      try {
        const torrent = await Deno.readFile(torrentPath);
        return await this.#seeder.seed(minimal.btih, torrent, archivePath);
      } catch (error) {
        const isInvalid = error instanceof LibreseedError && error.code === "TORRENT_INVALID";
        if (!isInvalid && !(error instanceof Deno.errors.NotFound)) throw error;
        // It is not signed, and can be made anew from the archive, which is.
      }
    }
    // The infohash depends on the usual name, and the file may have another.
    const name = archiveFileName(minimal.name, minimal.version);
    const { torrent } = await describeArchive(archivePath, { name });
    await this.#seeder.seed(minimal.btih, torrent, archivePath);
  }
}

function publisherOf(entry: SeedEntry): string | undefined {
  return entry.problem === undefined ? entry.minimal.pubkey : undefined;
}

function isSame(a: ValidSeedEntry, b: ValidSeedEntry): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs && a.inode === b.inode &&
    a.minimal.infohash === b.minimal.infohash;
}

/** Remembers that an archive is what its minimal manifest says, as long as the file is unchanged. */
export function rememberVerified(state: StateDatabase, entry: ValidSeedEntry): void {
  state.verifiedFiles.remember(entry.archivePath, entry, {
    sha256: parseSha256(entry.minimal.infohash)!,
    infoHash: fromHex(entry.minimal.btih)!,
  });
}

/** The limits of archives, as far as they are settings. */
export function limitsOf(settings: Settings): ArchiveLimits {
  const { maxArchiveBytes, maxUnpackedBytes, maxFiles, maxRatio } = settings;
  return { ...defaultArchiveLimits, maxArchiveBytes, maxUnpackedBytes, maxFiles, maxRatio };
}

/** An entry of the seed directory for `list`. */
export function describeEntry(
  entry: SeedEntry,
  seeding: boolean,
  problem: string | undefined = entry.problem,
): PackageJson {
  const common = { path: entry.archivePath, lengthBytes: entry.sizeBytes, seeding };
  if (entry.problem !== undefined) {
    return { ...common, name: entry.fileName, version: "", problem: entry.problem };
  }
  const { minimal, name, version } = entry;
  return {
    ...common,
    name,
    version,
    publisher: minimal.pubkey,
    sha256: minimal.infohash.slice("sha256:".length),
    infoHash: minimal.btih,
    magnet: magnetOf(minimal),
    ...(problem !== undefined && { problem }),
  };
}
