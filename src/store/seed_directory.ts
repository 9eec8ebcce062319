/**
 * The seed directory: the one directory that the engine may read and write. Archives come into it and
 * leave it here, whole or not at all, and an archive that is there never changes. Seeding is others'.
 *
 * @module
 */

import { lstat, mkdir, readdir, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clock, delay, systemClock } from "../base/mod.ts";
import {
  archiveFileName,
  minimalFileName,
  type MinimalManifest,
  serializeMinimal,
  torrentFileName,
  verifyMinimalSignature,
} from "../package/mod.ts";
import { checkArchive, checkedChunks, hashOf } from "./archive_reading.ts";
import {
  isCode,
  renameFile,
  syncDirectory,
  syncFile,
  type WritableData,
  writeTemporary,
} from "./atomic_files.ts";
import { fileError, linkRefused, StoreError } from "./errors.ts";
import {
  isArchiveName,
  isRegularFile,
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

  /** Where the files of a package lie or would lie. Throws `PackageError` for a bad name or version. */
  paths(name: string, version: string): PackageFiles {
    const archivePath = join(this.path, archiveFileName(name, version));
    return {
      archivePath,
      minimalPath: minimalFileName(archivePath),
      torrentPath: torrentFileName(archivePath),
    };
  }

  /**
   * Everything with an archive's file name, sorted by it; what cannot be seeded has `problem` set.
   * Temporaries and other files are passed over. A directory that is not there is empty.
   *
   * @throws {StoreError} `NOT_READABLE`, `IO_FAILED`
   */
  async list(): Promise<SeedEntry[]> {
    let names: string[];
    try {
      names = await readdir(this.path);
    } catch (cause) {
      if (isCode(cause, "ENOENT")) return [];
      throw fileError(cause, "read", this.path);
    }
    const archives = names.filter(isArchiveName).sort();
    const entries: SeedEntry[] = [];
    for (let at = 0; at < archives.length; at += READ_AHEAD) {
      const some = archives.slice(at, at + READ_AHEAD);
      for (const entry of await Promise.all(some.map((name) => readSeedEntry(this.path, name)))) {
        if (entry) entries.push(entry);
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
    if (isArchiveName(fileName)) return await readSeedEntry(this.path, fileName);
    throw new StoreError(
      "usage",
      "BAD_FILE_NAME",
      `${JSON.stringify(fileName)} is not the file name of an archive`,
    );
  }

  /** Whether there is an archive of this name and version, good or bad. */
  async has(name: string, version: string): Promise<boolean> {
    return await isRegularFile(this.paths(name, version).archivePath);
  }

  /**
   * Adds a package: copies the archive, hashing it on the way, then gives manifest, torrent and, last,
   * the archive their names. When it resolves all of it is on the disk; when it rejects nothing has
   * changed, but for a manifest and torrent without their archive if the system failed in between.
   *
   * If this very archive is there already, sound, it stays as it is, the given one is not read, and
   * manifest and torrent are replaced. It may also be the given one, lying under its final name.
   *
   * @throws {StoreError} `VERSION_EXISTS` if another archive of this name and version is there, with
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
    const paths = this.paths(minimal.name, minimal.version);
    const source = resolve(files.archivePath);
    const temporaries: string[] = [];
    const stage = async (path: string, data: WritableData) => {
      const temporary = await writeTemporary(path, data);
      temporaries.push(temporary);
      return temporary;
    };
    try {
      const manifest = await stage(paths.minimalPath, serializeMinimal(minimal));
      const torrentFile = await stage(paths.torrentPath, torrent);
      let staged: string | undefined;
      for (let done = false; !done;) {
        const there = await this.#look(paths, minimal, signal);
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
      for (const temporary of temporaries) await unlink(temporary).catch(() => {});
    }
    const entry = await this.entry(archiveFileName(minimal.name, minimal.version));
    if (entry && entry.problem === undefined) return entry;
    throw new StoreError(
      "failed",
      "IO_FAILED",
      `${paths.archivePath} was changed by another program while it was added`,
      { detail: { path: paths.archivePath } },
    );
  }

  /**
   * Removes a package: the archive first, so that it is never there without its manifest.
   *
   * @returns whether there was an archive
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`
   */
  async remove(name: string, version: string): Promise<boolean> {
    const paths = this.paths(name, version);
    return await this.#locked(async () => {
      const removed = await unlinkIfThere(paths.archivePath);
      await unlinkIfThere(paths.minimalPath);
      await unlinkIfThere(paths.torrentPath);
      await syncDirectory(this.path);
      return removed;
    });
  }

  /**
   * What lies where the archive belongs: `sound` if it is the very one. Throws if it is another.
   * A damaged one, whose own signed manifest names what is to come, may be replaced.
   */
  async #look(
    paths: PackageFiles,
    minimal: MinimalManifest,
    signal?: AbortSignal,
  ): Promise<{ stamp: string; sound: boolean }> {
    const stamp = await stampOf(paths.archivePath);
    if (stamp === ABSENT) return { stamp, sound: false };
    const found = await hashOf(paths.archivePath, signal);
    if (found === minimal.infohash) return { stamp, sound: true };
    const beside = await readMinimal(paths.minimalPath);
    const existing = "manifest" in beside ? beside.manifest.infohash : found;
    if (existing === minimal.infohash) return { stamp, sound: false };
    throw new StoreError(
      "failed",
      "VERSION_EXISTS",
      `${minimal.name}@${minimal.version} is already in ${this.path} with other contents ` +
        `(${existing} there, ${minimal.infohash} given): a published version does not change, ` +
        `so give the new contents a new version`,
      { detail: { path: paths.archivePath, existing, given: minimal.infohash } },
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
    try {
      return await Deno.open(path, { write: true, create: true, mode: 0o644 });
    } catch (cause) {
      throw fileError(cause, "write", path);
    }
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

async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return false;
    throw fileError(cause, "write", path);
  }
}
