/**
 * The seed directory, the only directory that the engine may read and write. Archives are added and
 * removed atomically, and never modified. `src/host` seeds them.
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
  hasOneName,
  isCode,
  linkRefused,
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
  isRegularFile,
  knownSeedEntry,
  readMinimal,
  readSeedEntry,
  type SeedEntry,
  type ValidSeedEntry,
} from "./seed_entry.ts";
import { checkArchiveName, isArchiveName, readNames } from "./seed_names.ts";

/** Maximum number of entries that are read concurrently. */
const READ_AHEAD = 16;
/** Name of the lock file, which is locked while an archive is added or removed. */
const LOCK_NAME = ".lock";
const LOCK_TIMEOUT_MS = 10_000;
const LOCK_POLL_MS = 20;

/** Absolute paths of a package's archive, minimal manifest and torrent. */
export interface PackageFiles {
  archivePath: string;
  minimalPath: string;
  torrentPath: string;
}

/** The package to add with {@linkcode SeedDirectory.put}. */
export interface SeedFiles {
  /** Path of the archive. It must be a regular file, and may be in any directory. */
  archivePath: string;
  minimal: MinimalManifest;
  /** The archive's torrent, bencoded. */
  torrent: Uint8Array;
  /**
   * Whether to move the archive instead of copying it. The archive must be on the same file system
   * as the seed directory, and no process may write to it any more. An archive with several names
   * (hard links) is copied, and then only loses the name given here.
   */
  move?: boolean;
  /**
   * Whether the caller has verified the archive's hash and prevents other processes from writing to
   * the archive. A verified archive is moved without being read again.
   */
  verified?: boolean;
  /** Aborts the copying. No new files remain after an abort. */
  signal?: AbortSignal;
}

/** The seed directory, which the user chooses with `--dir`. */
export class SeedDirectory {
  readonly path: string;
  /** Returns the manifest of an archive that was verified earlier and is unchanged. */
  known: ((archivePath: string) => MinimalManifest | undefined) | undefined;
  /** Promise of the last addition or removal. The next change awaits the promise, then the lock. */
  #last: Promise<unknown> = Promise.resolve();

  readonly #clock: Clock;

  /** @param clock measures the time spent waiting for the lock */
  constructor(path: string, clock: Clock = systemClock) {
    this.path = resolve(path);
    this.#clock = clock;
  }

  /** Creates the directory with mode 0755, if it is missing. Throws {@linkcode StoreError}. */
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
   * Returns the paths of an archive, its manifest and its torrent, whether or not the files exist.
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
   * Lists the file names of archives, sorted. Ignores temporary and other files. A missing
   * directory counts as empty.
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
   * Lists all archives, sorted by file name. An archive that cannot be seeded has `problem` set.
   *
   * @param name limits the result to the package of this name
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
   * Reads the entry of one archive, given its file name.
   *
   * @throws {StoreError} `BAD_FILE_NAME` for a path, or a name that does not end in `.tgz`
   */
  async entry(fileName: string): Promise<SeedEntry | undefined> {
    checkArchiveName(fileName);
    return await readSeedEntry(this.path, fileName);
  }

  /** Finds the valid archive of a package, given its name, version and publisher (`ed25519:…`). */
  async find(
    minimal: Pick<MinimalManifest, "name" | "version" | "pubkey">,
  ): Promise<ValidSeedEntry | undefined> {
    for (const fileName of fileNamesOf(minimal)) {
      const entry = await readSeedEntry(this.path, fileName);
      if (entry?.problem === undefined && entry?.minimal.pubkey === minimal.pubkey) return entry;
    }
    return undefined;
  }

  /** Finds all archives of a name and a version, valid or not, from any publisher. */
  async named(name: string, version: string): Promise<SeedEntry[]> {
    const isOne = isArchiveOf(name, version);
    const fileNames = readNames(this.path).filter(isOne);
    const entries = await Promise.all(fileNames.map((one) => readSeedEntry(this.path, one)));
    return entries.filter((entry) => entry !== undefined);
  }

  /**
   * Adds a package to the directory. Copies and hashes the archive, then renames manifest, torrent
   * and finally the archive to their final names. When the promise resolves, all files are on the
   * disk. When it rejects, nothing has changed, except that a power cut between the renames may
   * leave a manifest and a torrent without an archive.
   *
   * If the directory already has an intact copy of the archive, the copy is kept and the given
   * archive (which may be that copy) is not read. If another publisher's archive has the same name
   * and version, the new file name contains the new publisher's fingerprint.
   *
   * @throws {StoreError} `VERSION_EXISTS` if the directory has other contents of the publisher's
   * version, with both hashes in `detail`; `MANIFEST_INVALID` or `ARCHIVE_MISMATCH` if manifest and
   * archive do not match; `DIRECTORY_BUSY`, and the errors of the file system
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
        } else if (move && source !== paths.archivePath && await hasOneName(source)) {
          if (!verified) await checkArchive(source, minimal, signal);
          await syncFile(source);
          staged = source;
        } else {
          staged ??= await stage(paths.archivePath, checkedChunks(source, minimal, signal));
        }
        done = await this.#locked(async () => {
          // Start over, because another process has changed the archive since it was inspected.
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
   * Removes an archive, and then its manifest and torrent, so that no archive lacks its manifest.
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

  /**
   * Removes the manifest and the torrent of an archive that is gone, as after a kill during
   * {@linkcode SeedDirectory.remove}. Does nothing if the archive exists.
   *
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`
   */
  async removeBeside(fileName: string): Promise<void> {
    const { archivePath, minimalPath, torrentPath } = this.paths(fileName);
    await this.#locked(async () => {
      if (await stampOf(archivePath) !== ABSENT) return;
      await unlinkIfThere(minimalPath);
      await unlinkIfThere(torrentPath);
      await syncDirectory(this.path);
    });
  }

  /**
   * Chooses the paths of a package: the usual ones, unless another publisher's archive uses them.
   */
  async #placeOf(minimal: MinimalManifest): Promise<PackageFiles> {
    const [usual, other] = fileNamesOf(minimal).map((fileName) => this.paths(fileName));
    if (await isRegularFile(other!.archivePath)) return other!;
    if (await stampOf(usual!.archivePath) === ABSENT) return usual!;
    const beside = await readMinimal(usual!.minimalPath);
    const isTheirs = "manifest" in beside && beside.manifest.pubkey !== minimal.pubkey;
    return isTheirs ? other! : usual!;
  }

  /**
   * Inspects the file at an archive's path. `sound` means that the file is the same archive and may
   * stay. Otherwise there is no file, or one that may be replaced. Returns `undefined` if the package
   * now needs another file name. Throws `VERSION_EXISTS` for other contents of this version.
   */
  async #inspect(
    paths: PackageFiles,
    minimal: MinimalManifest,
    signal?: AbortSignal,
  ): Promise<{ stamp: string; sound: boolean } | undefined> {
    const stamp = await stampOf(paths.archivePath);
    if (stamp === ABSENT) return { stamp, sound: false };
    const found = await hashOf(paths.archivePath, signal);
    // A file with a second name is not seeded, so a copy replaces it.
    const sound = found === minimal.archiveSha256;
    if (sound) return { stamp, sound: await hasOneName(paths.archivePath) };
    const beside = await readMinimal(paths.minimalPath);
    const existing = "manifest" in beside ? beside.manifest.archiveSha256 : found;
    if (existing === minimal.archiveSha256) return { stamp, sound: false };
    // Meanwhile another publisher's archive may have taken the usual file name.
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
    // Check for a symbolic link, which opening the file would follow.
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

const ABSENT = "absent";

/** Returns inode, size and modification time of a file as text. Throws for a symbolic link. */
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
