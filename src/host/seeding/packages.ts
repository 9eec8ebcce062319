/**
 * What is in the seed directory and what of it is seeded. Verifies each archive before the worker
 * gets to seed it, and remembers that it did, so that an unchanged file is not hashed again.
 *
 * @module
 */

import { basename, join } from "node:path";
import { LibreseedError } from "../../base/mod.ts";
import { type Clock, equalBytes, toHex } from "../../base/mod.ts";
import { archiveLimits, type Settings } from "../../config/mod.ts";
import { type PackageJson } from "../../control/mod.ts";
import type { SeedOrder, TorrentStatus } from "../../engine/mod.ts";
import { rememberVerified } from "../../fetching/mod.ts";
import {
  archiveFileName,
  type ArchiveLimits,
  defaultArchiveLimits,
  describeArchive,
  type MinimalManifest,
  parseMinimal,
  parseSha256,
  SecretCheck,
  SecretDetector,
  torrentFileName,
  torrentInfoHash,
  verifyArchive,
} from "../../package/mod.ts";
import {
  hasTorrentBeside,
  isUnchanged,
  knownSeedEntry,
  markOf,
  type SeedDirectory,
  type SeedEntry,
  stampOf,
  type StateDatabase,
  type ValidSeedEntry,
} from "../../store/mod.ts";
import { HostError } from "../errors.ts";
import { Batch } from "../thread/mod.ts";
import { describeEntry } from "./describe_entry.ts";
import type { Seeder } from "./seeder.ts";

/** Options of {@linkcode Packages}. */
export interface PackagesOptions {
  seeds: SeedDirectory;
  state: StateDatabase;
  /** What archives may not exceed. */
  limits: ArchiveLimits;
  seeder: Seeder;
  /** Whether the signed record of this very archive is kept: it was published before. */
  isPublished: (minimal: MinimalManifest) => boolean;
  clock: Clock;
  onWarning: (message: string) => void;
}

/** What is kept in memory of an archive that is seeded; the rest is in `state.db`. */
interface Seeded {
  /** 40 hexadecimal digits. */
  infoHashHex: string;
  /** The files as they were when it was looked at; see `markOf`. */
  mark: string;
}

/** How many archives are handed to the worker at once. */
const SLICE = 250;

/** The seed directory, and what of it is seeded. */
export class Packages {
  readonly #seeds: SeedDirectory;
  readonly #state: StateDatabase;
  readonly #seeder: Seeder;
  readonly #isPublished: PackagesOptions["isPublished"];
  /** Made when the first archive is looked at. */
  #detector: SecretDetector | undefined;
  /** What archives may not exceed. */
  limits: ArchiveLimits;
  /** What is seeded, by file name. */
  readonly #seeding = new Map<string, Seeded>();
  readonly #adding = new Map<string, Promise<ValidSeedEntry>>();
  /** What cannot be seeded and why, by file name. */
  readonly #problems = new Map<string, string>();
  readonly #stopped = new AbortController();
  /** Verified, and to be remembered. */
  readonly #verified: Batch<ValidSeedEntry>;

  constructor({ seeds, state, limits, seeder, isPublished, clock, onWarning }: PackagesOptions) {
    this.#isPublished = isPublished;
    this.#seeds = seeds;
    this.#state = state;
    this.#seeder = seeder;
    this.limits = limits;
    this.#verified = new Batch({
      clock,
      write: (entries) =>
        state.transaction(() => entries.forEach((entry) => rememberVerified(state, entry))),
      onError: (error) =>
        onWarning(`verified archives are not remembered: ${(error as Error).message}`),
    });
  }

  /** How many are seeded, and how many cannot be. */
  get counts(): { packages: number; problems: number } {
    return { packages: this.#seeding.size, problems: this.#problems.size };
  }

  /**
   * Seeds all that was verified before and is unchanged since. Reads none of it.
   *
   * @returns the marks of what is seeded now, by file name
   */
  async addKnown(): Promise<Map<string, string>> {
    const added = new Map<string, string>();
    const fileNames = this.#seeds.fileNames();
    for (let at = 0; at < fileNames.length; at += SLICE) {
      const orders: SeedOrder[] = [];
      for (const fileName of fileNames.slice(at, at + SLICE)) {
        if (this.#seeding.has(fileName) || this.#adding.has(fileName)) continue;
        const filePath = join(this.#seeds.path, fileName);
        const known = this.#state.verifiedFiles.seed(filePath);
        const stamp = known && stampOf(filePath);
        if (!stamp || !isUnchanged(stamp, known) || !hasTorrentBeside(filePath)) continue;
        const infoHashHex = toHex(known.infoHash);
        const torrent = torrentFileName(filePath);
        orders.push({ infoHashHex, filePath, torrent, lengthBytes: stamp.sizeBytes });
        const mark = markOf(stamp);
        this.#seeding.set(fileName, { infoHashHex, mark });
        added.set(fileName, mark);
      }
      // Commands are answered in between.
      if (orders.length > 0) await this.#seeder.seed(orders);
    }
    return added;
  }

  /**
   * Verifies an archive of the seed directory, unless that was done before, and seeds it. One that
   * was seeded and is no longer what was signed is not seeded any more.
   *
   * @throws {HostError} `PACKAGE_NOT_FOUND` (kind `not-found`), or what is wrong with the entry
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
    try {
      return await this.#take(fileName);
    } catch (error) {
      // Nothing is known against it.
      if (this.#stopped.signal.aborted) throw error;
      if (!(error instanceof LibreseedError) || error.code !== "PACKAGE_NOT_FOUND") {
        await this.drop(fileName);
        this.#problems.set(fileName, (error as Error).message);
      }
      throw error;
    }
  }

  async #take(fileName: string): Promise<ValidSeedEntry> {
    // Before it is read: a change in between is seen the next time.
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
    if (!stamp) {
      throw new HostError("failed", "UNREADABLE", `${entry.archivePath} cannot be looked at`);
    }
    const seeding = this.#seeding.get(fileName);
    const mark = markOf(stamp);
    if (seeding?.mark === mark) return entry;
    await this.#verify(entry);
    const torrent = await this.#torrentOf(entry);
    const { archivePath: filePath, sizeBytes: lengthBytes, minimal } = entry;
    const infoHashHex = minimal.btih;
    // With another manifest beside it, it is the same archive still.
    const isSame = seeding?.infoHashHex === infoHashHex &&
      seeding.mark.split(";")[0] === mark.split(";")[0];
    if (seeding && !isSame) await this.#seeder.unseed(seeding.infoHashHex);
    if (!isSame) await this.#seeder.seed([{ infoHashHex, filePath, torrent, lengthBytes }]);
    this.#seeding.set(fileName, { infoHashHex, mark });
    this.#problems.delete(fileName);
    return entry;
  }

  /** Makes the torrent of an archive anew: the one that lies beside it cannot be used. */
  async mend(infoHashHex: string): Promise<void> {
    for (const [fileName, seeding] of this.#seeding) {
      if (seeding.infoHashHex !== infoHashHex) continue;
      const entry = await this.entry(fileName);
      if (!entry || entry.problem !== undefined) return;
      const { torrent, lengthBytes } = await torrentOf(entry, this.#stopped.signal);
      if (this.#seeding.get(fileName) !== seeding) return;
      const filePath = entry.archivePath;
      return await this.#seeder.seed([{ infoHashHex, filePath, torrent, lengthBytes }]);
    }
  }

  /** An archive that is seeded, as it was when it was looked at. */
  async entry(fileName: string): Promise<SeedEntry | undefined> {
    const seeding = this.#seeding.get(fileName);
    const archivePath = join(this.#seeds.path, fileName);
    const stamp = seeding && stampOf(archivePath);
    const known = stamp && markOf(stamp) === seeding.mark &&
      this.#state.verifiedFiles.manifest(archivePath);
    if (!known) return await this.#seeds.entry(fileName);
    return knownSeedEntry(this.#seeds.path, fileName, parseMinimal(known));
  }

  /** No longer seeds the archive; what lies in the seed directory stays. */
  async drop(fileName: string): Promise<void> {
    const seeding = this.#seeding.get(fileName);
    this.#problems.delete(fileName);
    if (!seeding) return;
    this.#seeding.delete(fileName);
    await this.#seeder.unseed(seeding.infoHashHex);
  }

  /** Forgets an archive that is gone. */
  async left(fileName: string): Promise<void> {
    await this.drop(fileName);
    try {
      this.flush();
      this.#state.verifiedFiles.forget(join(this.#seeds.path, fileName));
    } catch {
      // A row too many does no harm: it is compared with the file before it is used.
    }
  }

  /**
   * Seeds a package no more and takes it out of the seed directory.
   *
   * @param pubkey of its publisher, `ed25519:…`; needed only if there are several
   * @returns its publisher, where its manifest says who that is
   * @throws {HostError} `PACKAGE_NOT_FOUND`, `PACKAGE_AMBIGUOUS`
   */
  async remove(name: string, version: string, pubkey?: string): Promise<string | undefined> {
    const label = `${name}@${version}`;
    const entries = (await this.#seeds.named(name, version))
      .filter((entry) => pubkey === undefined || publisherOf(entry) === pubkey);
    const [entry, ...others] = entries;
    if (!entry) {
      // Whoever deleted the archive by hand may have left what lay beside it.
      if (pubkey === undefined) await this.#seeds.remove(archiveFileName(name, version));
      throw new HostError(
        "not-found",
        "PACKAGE_NOT_FOUND",
        `There is no ${label}${
          pubkey === undefined ? "" : ` by ${pubkey}`
        } in the seed directory ${this.#seeds.path}`,
        { detail: { unknownName: name } },
      );
    }
    if (others.length > 0) {
      const publishers = entries.map(publisherOf).filter((one) => one !== undefined);
      throw new HostError(
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
    await this.left(entry.fileName);
    return publisherOf(entry);
  }

  /** Everything in the seed directory, and how it is seeded. */
  async list(torrents: TorrentStatus[]): Promise<PackageJson[]> {
    this.flush();
    const byInfoHash = new Map(torrents.map((torrent) => [torrent.infoHashHex, torrent]));
    const listed: PackageJson[] = [];
    for (const fileName of this.#seeds.fileNames()) {
      const seeding = this.#seeding.has(fileName);
      const entry = await this.entry(fileName).catch((error) => error as Error);
      if (!entry) continue;
      if (entry instanceof Error) {
        // It cannot be looked at now; the others can.
        const path = join(this.#seeds.path, fileName);
        const problem = this.#problems.get(fileName) ?? entry.message;
        listed.push({ path, lengthBytes: 0, seeding, name: fileName, version: "", problem });
        continue;
      }
      const torrent = entry.problem === undefined ? byInfoHash.get(entry.minimal.btih) : undefined;
      listed.push({
        ...describeEntry(entry, seeding, this.#problems.get(fileName)),
        ...(torrent && { peers: torrent.peers, uploadedBytes: torrent.uploadedBytes }),
      });
    }
    return listed;
  }

  /** Paths of archives that are seeded, but whose record or name nobody keeps alive here. */
  withoutRecords(): string[] {
    this.flush();
    return this.#state.verifiedFiles.withoutRecords()
      .map((path) => basename(path))
      .filter((fileName) => this.#seeding.has(fileName));
  }

  /**
   * Ends the verifications that are under way, and lets none begin. An archive that was not verified to
   * its end is no problem: the next start looks at it again.
   */
  stop(): void {
    const message = "The daemon is being ended";
    this.#stopped.abort(new HostError("failed", "HOST_STOPPING", message));
  }

  /** Writes down what was verified. */
  flush(): void {
    this.#verified.flush();
  }

  /**
   * Sees to it that the archive is what its minimal manifest says and, if somebody has put it here by
   * hand, that it has no secrets in it. What was published is out, and what was downloaded too.
   */
  async #verify(entry: ValidSeedEntry): Promise<void> {
    const { archivePath, minimal } = entry;
    const sha256 = parseSha256(minimal.archiveSha256)!;
    const known = this.#state.verifiedFiles.find(archivePath, entry);
    if (!known || !equalBytes(known.sha256, sha256)) {
      const secrets = this.#isPublished(minimal)
        ? undefined
        : new SecretCheck([], this.#detector ??= new SecretDetector());
      const { limits } = this;
      const { signal } = this.#stopped;
      await verifyArchive({ archivePath, minimal, limits, secrets, signal });
      const toAllow = `\`libreseed add ${archivePath} --allow-secret PATH\` lets one in`;
      secrets?.refuse(basename(archivePath), toAllow);
    }
    this.#verified.add(entry);
  }

  /** Where its torrent lies or, if that one is not signed for, another. */
  async #torrentOf(entry: ValidSeedEntry): Promise<SeedOrder["torrent"]> {
    const { minimal, hasTorrent, torrentPath } = entry;
    try {
      const infoHash = hasTorrent && torrentInfoHash(await Deno.readFile(torrentPath));
      if (infoHash && toHex(infoHash) === minimal.btih) return torrentPath;
    } catch {
      // It can be made anew from the archive, which is signed.
    }
    return (await torrentOf(entry, this.#stopped.signal)).torrent;
  }
}

/** Its torrent; the infohash depends on the usual name, and the file may have another. */
function torrentOf({ archivePath, minimal }: ValidSeedEntry, signal: AbortSignal) {
  const name = archiveFileName(minimal.name, minimal.version);
  return describeArchive(archivePath, { name, signal });
}

function publisherOf(entry: SeedEntry): string | undefined {
  return entry.problem === undefined ? entry.minimal.pubkey : undefined;
}

/** The limits of archives, as far as they are settings. */
export function limitsOf(settings: Settings): ArchiveLimits {
  return { ...defaultArchiveLimits, ...archiveLimits(settings) };
}
