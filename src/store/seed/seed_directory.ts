/**
 * The seed directory, the only directory that the engine may read and write. Archives are added and
 * removed here; each appears whole or not at all and never changes. `src/host` seeds them.
 *
 * @module
 */

import { lstat, mkdir, stat, unlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Clock, delay, systemClock } from "../../base/mod.ts";
import {
  archiveFileName,
  isArchiveOf,
  minimalFileName,
  type MinimalManifest,
  serializeMinimal,
  torrentFileName,
  verifyMinimalSignature,
} from "../../package/mod.ts";
import {
  checkArchive,
  checkedChunks,
  fileError,
  hashOf,
  isCode,
  linkRefused,
  namesIn,
  openLockFile,
  renameFile,
  StoreError,
  syncDirectory,
  syncFile,
  type Temporary,
  unlinkIfThere,
  type WritableData,
  writeTemporary,
} from "../files/mod.ts";
import {
  fileNamesOf,
  isArchiveName,
  isRegularFile,
  knownSeedEntry,
  readMinimal,
  readSeedEntry,
  type SeedEntry,
  type ValidSeedEntry,
} from "./seed_entry.ts";

/** Number of entries that are read concurrently. */
const READ_AHEAD = 16;
/** File that is locked while archives are added or removed. */
const LOCK_NAME = ".lock";
const LOCK_TIMEOUT_MS = 10_000;
const LOCK_POLL_MS = 20;

/** Absolute paths of one package's files. */
export interface PackageFiles {
  archivePath: string;
  minimalPath: string;
  torrentPath: string;
}

/** The package to add with {@linkcode SeedDirectory.put}. */
export interface SeedFiles {
  /** Path of the archive, a regular file in any directory. */
  archivePath: string;
  minimal: MinimalManifest;
  /** The archive's torrent, bencoded. */
  torrent: Uint8Array;
  /**
   * Whether to move the archive instead of copying it. It must be on the same file system, as a
   * temporary of the seed directory is, and no process may write to it any more.
   */
  move?: boolean;
  /**
   * Whether the caller has just checked the archive's hash against `minimal` and keeps others from
   * writing to it. The archive is then moved without being read again.
   */
  verified?: boolean;
  /** Cancels the copying; no files are left then. */
  signal?: AbortSignal;
}

/** A seed directory (`--dir`). */
export class SeedDirectory {
  readonly path: string;
  /** Returns the manifest of an archive that was verified before and has not changed since. */
  known: ((archivePath: string) => MinimalManifest | undefined) | undefined;
  /**
   * Queue of this process's additions and removals, so that only one at a time waits for the lock.
   */
  #last: Promise<unknown> = Promise.resolve();

  readonly #clock: Clock;

  /** @param clock measures the wait for the lock */
  constructor(path: string, clock: Clock = systemClock) {
    this.path = resolve(path);
    this.#clock = clock;
  }

  /** Creates a missing directory with mode 0755. Throws {@linkcode StoreError}. */
  async ensure(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true, mode: 0o755 });
    } catch (cause) {
      if (!isCode(cause, "EEXIST") && !isCode(cause, "ENOTDIR")) {
        throw fileError(cause, "write", this.path);
      }
    }
    const info = await stat(this.path).catch(() => undefined);
    if (info?.isDirectory()) return;
    throw new StoreError(
      "failed",
      "NOT_A_DIRECTORY",
      `${this.path} is not a directory, so it cannot be the seed directory: give another --dir`,
      { detail: { path: this.path } },
    );
  }

  /**
   * Paths of an archive and the files beside it, whether or not they exist.
   *
   * @throws {StoreError} `BAD_FILE_NAME` for a path, or a name that does not end in `.tgz`
   */
  paths(fileName: string): PackageFiles {
    checkArchiveName(fileName);
    const archivePath = join(this.path, fileName);
    return {
      archivePath,
      minimalPath: minimalFileName(archivePath),
      torrentPath: torrentFileName(archivePath),
    };
  }

  /**
   * File names of all archives, sorted, without temporaries and other files. A missing directory
   * counts as empty.
   *
   * @param name limits the result to file names that begin with this package's name
   * @throws {StoreError} `NOT_READABLE`, `IO_FAILED`
   */
  fileNames(name?: string): string[] {
    const prefix = name === undefined ? "" : archiveFileName(name, "0.0.0").slice(0, -9);
    return readNames(this.path)
      .filter((one) => isArchiveName(one) && one.startsWith(prefix));
  }

  /**
   * Reads all archives, sorted by file name. An archive that cannot be seeded has `problem` set.
   *
   * @param name limits the result to this package
   * @throws {StoreError} `NOT_READABLE`, `IO_FAILED`
   */
  async list(name?: string): Promise<SeedEntry[]> {
    const archives = this.fileNames(name);
    const entries: SeedEntry[] = [];
    for (let at = 0; at < archives.length; at += READ_AHEAD) {
      const some = archives.slice(at, at + READ_AHEAD);
      const looks = some.map((one) =>
        knownSeedEntry(this.path, one, this.known?.(join(this.path, one))) ??
          readSeedEntry(this.path, one)
      );
      for (const entry of await Promise.all(looks)) {
        if (!entry) continue;
        if (name === undefined || (entry.problem === undefined && entry.name === name)) {
          entries.push(entry);
        }
      }
    }
    return entries;
  }

  /**
   * Reads one archive, by its file name.
   *
   * @throws {StoreError} `BAD_FILE_NAME` for a path, or a name that does not end in `.tgz`
   */
  async entry(fileName: string): Promise<SeedEntry | undefined> {
    checkArchiveName(fileName);
    return await readSeedEntry(this.path, fileName);
  }

  /** Finds the valid archive of this name, version and publisher (`ed25519:…`). */
  async find(
    minimal: Pick<MinimalManifest, "name" | "version" | "pubkey">,
  ): Promise<ValidSeedEntry | undefined> {
    for (const fileName of fileNamesOf(minimal)) {
      const entry = await readSeedEntry(this.path, fileName);
      if (entry?.problem === undefined && entry?.minimal.pubkey === minimal.pubkey) return entry;
    }
    return undefined;
  }

  /** Reads all archives of this name and version, valid or not, of any publisher. */
  async named(name: string, version: string): Promise<SeedEntry[]> {
    const isOne = isArchiveOf(name, version);
    const fileNames = readNames(this.path).filter(isOne);
    const entries = await Promise.all(fileNames.map((one) => readSeedEntry(this.path, one)));
    return entries.filter((entry) => entry !== undefined);
  }

  /**
   * Adds a package: copies and hashes the archive, then renames manifest, torrent and finally the
   * archive to their names. When the promise resolves, all files are on the disk. When it rejects,
   * nothing has changed, except that a system failure between the renames may leave a manifest and
   * a torrent without their archive.
   *
   * If an intact copy of this archive is there already, it stays, the given archive is not read,
   * and manifest and torrent are replaced. The given archive may itself be that copy. If another
   * publisher has an archive of the same name and version, the new file name contains the
   * publisher's fingerprint.
   *
   * @throws {StoreError} `VERSION_EXISTS` if the publisher's version is there with other contents,
   * with both hashes in `detail`; `MANIFEST_INVALID` or `ARCHIVE_MISMATCH` if manifest and archive
   * do not belong together; `DIRECTORY_BUSY`, `LINK_REFUSED`, `DISK_FULL`, `NOT_WRITABLE` and the
   * other errors of the file system
   */
  async put(files: SeedFiles): Promise<ValidSeedEntry> {
    const { minimal, torrent, move = false, verified = false, signal } = files;
    if (!verifyMinimalSignature(minimal)) {
      throw new StoreError(
        "verification",
        "MANIFEST_INVALID",
        `the minimal manifest of ${minimal.name}@${minimal.version} is not signed by its publisher`,
      );
    }
    let paths = await this.#placeOf(minimal);
    const source = resolve(files.archivePath);
    const temporaries: Temporary[] = [];
    const stage = async (path: string, data: WritableData) => {
      const temporary = await writeTemporary(path, data);
      temporaries.push(temporary);
      return temporary.path;
    };
    try {
      const manifest = await stage(paths.minimalPath, serializeMinimal(minimal));
      const torrentFile = await stage(paths.torrentPath, torrent);
      let staged: string | undefined;
      for (let done = false; !done; paths = done ? paths : await this.#placeOf(minimal)) {
        const there = await this.#inspect(paths, minimal, signal);
        if (!there) continue;
        if (there.sound) {
          if (source === paths.archivePath) await syncFile(source);
        } else if (move && source !== paths.archivePath) {
          if (!verified) await checkArchive(source, minimal, signal);
          await syncFile(source);
          staged = source;
        } else {
          staged ??= await stage(paths.archivePath, checkedChunks(source, minimal, signal));
        }
        done = await this.#locked(async () => {
          // Another process changed the file meanwhile, so start over.
          if (await stampOf(paths.archivePath) !== there.stamp) return false;
          await renameFile(manifest, paths.minimalPath);
          await renameFile(torrentFile, paths.torrentPath);
          if (!there.sound) await renameFile(staged!, paths.archivePath);
          await syncDirectory(this.path);
          return true;
        });
      }
      if (move && source !== paths.archivePath) await unlinkIfThere(source);
    } finally {
      for (const temporary of temporaries) {
        await unlink(temporary.path).catch(() => {});
        temporary[Symbol.dispose]();
      }
    }
    const entry = await this.entry(basename(paths.archivePath));
    if (entry && entry.problem === undefined) return entry;
    throw new StoreError(
      "failed",
      "IO_FAILED",
      `${paths.archivePath} was changed by another program while it was added`,
      { detail: { path: paths.archivePath } },
    );
  }

  /**
   * Removes an archive and then the files beside it, so that there is never an archive without its
   * manifest.
   *
   * @returns whether there was an archive
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`
   */
  async remove(fileName: string): Promise<boolean> {
    const paths = this.paths(fileName);
    return await this.#locked(async () => {
      const removed = await unlinkIfThere(paths.archivePath);
      await unlinkIfThere(paths.minimalPath);
      await unlinkIfThere(paths.torrentPath);
      await syncDirectory(this.path);
      return removed;
    });
  }

  /** Paths for a package: the usual ones, unless another publisher's archive has that name. */
  async #placeOf(minimal: MinimalManifest): Promise<PackageFiles> {
    const [usual, other] = fileNamesOf(minimal).map((fileName) => this.paths(fileName));
    if (await isRegularFile(other!.archivePath)) return other!;
    if (await stampOf(usual!.archivePath) === ABSENT) return usual!;
    const beside = await readMinimal(usual!.minimalPath);
    const isTheirs = "manifest" in beside && beside.manifest.pubkey !== minimal.pubkey;
    return isTheirs ? other! : usual!;
  }

  /**
   * Inspects the file at the archive's place: `sound` for the same archive, not `sound` for none or
   * a damaged copy that may be replaced. Returns `undefined` if the archive now belongs under its
   * other name. Throws `VERSION_EXISTS` for another archive of this version.
   */
  async #inspect(
    paths: PackageFiles,
    minimal: MinimalManifest,
    signal?: AbortSignal,
  ): Promise<{ stamp: string; sound: boolean } | undefined> {
    const stamp = await stampOf(paths.archivePath);
    if (stamp === ABSENT) return { stamp, sound: false };
    const found = await hashOf(paths.archivePath, signal);
    if (found === minimal.archiveSha256) return { stamp, sound: true };
    const beside = await readMinimal(paths.minimalPath);
    const existing = "manifest" in beside ? beside.manifest.archiveSha256 : found;
    if (existing === minimal.archiveSha256) return { stamp, sound: false };
    // Another publisher's archive may have taken this name since the place was chosen.
    if ((await this.#placeOf(minimal)).archivePath !== paths.archivePath) return undefined;
    throw new StoreError(
      "failed",
      "VERSION_EXISTS",
      `${minimal.name}@${minimal.version} is already in ${this.path} with other contents ` +
        `(${existing} there, ${minimal.archiveSha256} given): a published version does not change, ` +
        `so give the new contents a new version`,
      { detail: { path: paths.archivePath, existing, given: minimal.archiveSha256 } },
    );
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(async () => {
      using file = await this.#openLock();
      const givenUpMs = this.#clock.now() + LOCK_TIMEOUT_MS;
      while (!await file.tryLock(true)) {
        if (this.#clock.now() >= givenUpMs) throw this.#busy();
        await delay(this.#clock, LOCK_POLL_MS);
      }
      return await work();
    });
    this.#last = mine.catch(() => {});
    return await mine;
  }

  async #openLock(): Promise<Deno.FsFile> {
    const path = join(this.path, LOCK_NAME);
    // Throws for a symbolic link, which opening would follow.
    await stampOf(path);
    return await openLockFile(path);
  }

  #busy(): StoreError {
    return new StoreError(
      "in-use",
      "DIRECTORY_BUSY",
      `another process has been changing ${this.path} for ${LOCK_TIMEOUT_MS / 1000} seconds: ` +
        `try again when it is done`,
      { detail: { path: this.path } },
    );
  }
}

function checkArchiveName(fileName: string): void {
  if (isArchiveName(fileName)) return;
  throw new StoreError(
    "usage",
    "BAD_FILE_NAME",
    `${JSON.stringify(fileName)} is not the file name of an archive`,
  );
}

const ABSENT = "absent";

/** The file names in the directory, sorted; empty if it does not exist. */
function readNames(path: string): string[] {
  try {
    return namesIn(path).sort();
  } catch (error) {
    if (isCode(error, "FILE_MISSING")) return [];
    throw error;
  }
}

/** A text that changes whenever the file at a path is replaced or written to. Throws for a link. */
async function stampOf(path: string): Promise<string> {
  try {
    const info = await lstat(path);
    if (info.isSymbolicLink()) throw linkRefused(path);
    return `${info.ino}:${info.size}:${info.mtimeMs}`;
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return ABSENT;
    throw fileError(cause, "read", path);
  }
}
