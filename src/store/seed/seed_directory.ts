/**
 * The seed directory: the one directory that the engine may read and write. Archives come into it and
 * leave it here, whole or not at all, and an archive that is there never changes. Seeding is others'.
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

/** How many entries are looked at side by side. */
const READ_AHEAD = 16;
/** Held while files get or lose their names; the system lets go of it when the process ends. */
const LOCK_NAME = ".lock";
const LOCK_TIMEOUT_MS = 10_000;
const LOCK_POLL_MS = 20;

/** Where the files of one package lie. */
export interface PackageFiles {
  archivePath: string;
  minimalPath: string;
  torrentPath: string;
}

/** What {@linkcode SeedDirectory.put} takes. */
export interface SeedFiles {
  /** The archive, anywhere; a regular file. */
  archivePath: string;
  minimal: MinimalManifest;
  /** Its torrent, bencoded. */
  torrent: Uint8Array;
  /**
   * Take the archive away from where it is instead of copying it. It must be on the same file system
   * (a temporary of the seed directory is), and nobody may write to it any more.
   */
  move?: boolean;
  /**
   * The caller has just hashed the archive, found it to be the one that `minimal` names, and lets
   * nobody else write to it; so it is not read again when it is moved.
   */
  verified?: boolean;
  /** Ends the copying; nothing is left of it then. */
  signal?: AbortSignal;
}

/** A seed directory (`--dir`). */
export class SeedDirectory {
  readonly path: string;
  /** The manifest of an archive that was verified before and is unchanged: it is not read again. */
  known: ((archivePath: string) => MinimalManifest | undefined) | undefined;
  /** Puts and removals of this process follow each other, so that one at a time waits for the lock. */
  #last: Promise<unknown> = Promise.resolve();

  readonly #clock: Clock;

  /** @param clock for the time to wait for other processes */
  constructor(path: string, clock: Clock = systemClock) {
    this.path = resolve(path);
    this.#clock = clock;
  }

  /** Makes the directory, with mode 0755, if it is not there. Throws {@linkcode StoreError}. */
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
   * Where the files of an archive of this file name lie or would lie.
   *
   * @throws {StoreError} `BAD_FILE_NAME` for a path, or a name that does not end in `.tgz`
   */
  paths(fileName: string): PackageFiles {
    refuseOther(fileName);
    const archivePath = join(this.path, fileName);
    return {
      archivePath,
      minimalPath: minimalFileName(archivePath),
      torrentPath: torrentFileName(archivePath),
    };
  }

  /**
   * All archives' file names, sorted. Temporaries and other files are passed over. A directory that is
   * not there is empty.
   *
   * @param name those of this package's versions, and maybe others
   * @throws {StoreError} `NOT_READABLE`, `IO_FAILED`
   */
  fileNames(name?: string): string[] {
    const prefix = name === undefined ? "" : archiveFileName(name, "0.0.0").slice(0, -9);
    return readNames(this.path)
      .filter((one) => isArchiveName(one) && one.startsWith(prefix));
  }

  /**
   * Everything with an archive's file name, sorted by it; what cannot be seeded has `problem` set.
   *
   * @param name of this package alone
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
   * One of {@linkcode SeedDirectory.list}, by its file name.
   *
   * @throws {StoreError} `BAD_FILE_NAME` for a path, or a name that does not end in `.tgz`
   */
  async entry(fileName: string): Promise<SeedEntry | undefined> {
    refuseOther(fileName);
    return await readSeedEntry(this.path, fileName);
  }

  /** The sound package of this name, version and publisher (`ed25519:…`), whatever its file name. */
  async find(
    minimal: Pick<MinimalManifest, "name" | "version" | "pubkey">,
  ): Promise<ValidSeedEntry | undefined> {
    for (const fileName of fileNamesOf(minimal)) {
      const entry = await readSeedEntry(this.path, fileName);
      if (entry?.problem === undefined && entry?.minimal.pubkey === minimal.pubkey) return entry;
    }
    return undefined;
  }

  /** What has a file name of this name and version, good or bad, of any publisher. */
  async named(name: string, version: string): Promise<SeedEntry[]> {
    const isOne = isArchiveOf(name, version);
    const fileNames = readNames(this.path).filter(isOne);
    const entries = await Promise.all(fileNames.map((one) => readSeedEntry(this.path, one)));
    return entries.filter((entry) => entry !== undefined);
  }

  /**
   * Adds a package: copies the archive, hashing it on the way, then gives manifest, torrent and, last,
   * the archive their names. When it resolves all of it is on the disk; when it rejects nothing has
   * changed, but for a manifest and torrent without their archive if the system failed in between.
   *
   * If this very archive is there already, sound, it stays as it is, the given one is not read, and
   * manifest and torrent are replaced. It may also be the given one, lying under its final name. Beside
   * another publisher's of the same name and version it gets a name with its publisher's fingerprint.
   *
   * @throws {StoreError} `VERSION_EXISTS` if the publisher's version is there with other contents, with
   * both hashes in `detail`; `MANIFEST_INVALID` or `ARCHIVE_MISMATCH` if manifest and archive do not
   * belong together; `DIRECTORY_BUSY`, `LINK_REFUSED`, `DISK_FULL`, `NOT_WRITABLE` and the others of
   * the file system
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
        const there = await this.#look(paths, minimal, signal);
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
          // Another process was faster: look again.
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
   * Removes an archive, by its file name, and what lies beside it: the archive first, so that it is
   * never there without its manifest.
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

  /** Where a package belongs: under the usual name, unless another publisher's has that. */
  async #placeOf(minimal: MinimalManifest): Promise<PackageFiles> {
    const [usual, other] = fileNamesOf(minimal).map((fileName) => this.paths(fileName));
    if (await isRegularFile(other!.archivePath)) return other!;
    if (await stampOf(usual!.archivePath) === ABSENT) return usual!;
    const beside = await readMinimal(usual!.minimalPath);
    const isTheirs = "manifest" in beside && beside.manifest.pubkey !== minimal.pubkey;
    return isTheirs ? other! : usual!;
  }

  /**
   * What lies where the archive belongs: `sound` if it is the very one; `undefined` if it belongs
   * elsewhere by now. Throws if it is another.
   * A damaged one, whose own signed manifest names what is to come, may be replaced.
   */
  async #look(
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
    // Another publisher's may have come since this place was chosen.
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
    // Refuses a link there, which opening would follow.
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

function refuseOther(fileName: string): void {
  if (isArchiveName(fileName)) return;
  throw new StoreError(
    "usage",
    "BAD_FILE_NAME",
    `${JSON.stringify(fileName)} is not the file name of an archive`,
  );
}

const ABSENT = "absent";

/** The file names in the directory, sorted; none if it is not there. */
function readNames(path: string): string[] {
  try {
    return namesIn(path).sort();
  } catch (error) {
    if (isCode(error, "FILE_MISSING")) return [];
    throw error;
  }
}

/** Changes whenever another file gets this name or this one is written to. Throws for a link. */
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
