/**
 * The store of installed packages, `HOME/packages`. Each version of each publisher's package has a
 * directory of its own, which is added and removed atomically.
 *
 * ```
 * packages/
 * ├── HASH/                  named by packageId
 * │   ├── package/           the signed files, with their manifest.json
 * │   ├── minimal.json       the signed minimal manifest
 * │   ├── direct             marks a package that was installed by name
 * │   └── node_modules/      links to the package's dependencies
 * ├── .replaced-HASH/        the old package, during a replacement
 * ├── .roots/                paths of lock files and links that refer to packages
 * ├── .lock                  locked while packages are added (shared) or removed (exclusive)
 * ├── .place.lock            locked while one package is moved to its final path
 * └── .save.lock             locked while a project's lock file is rewritten
 * ```
 *
 * The store never runs code of a package. The caller decides which packages to install or remove.
 *
 * @module
 */

import { mkdir, readdir, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Clock, systemClock } from "../../base/mod.ts";
import {
  type ArchiveLimits,
  type MinimalManifest,
  namingFullDisk,
  serializeMinimal,
  type StartThread,
  verifyArchive,
} from "../../package/mod.ts";
import {
  createTemporaryDirectory,
  fileError,
  isCode,
  lockFile,
  removeOwnTemporaries,
  removeStaleTemporaries,
  StoreError,
  writeFileAtomic,
} from "../files/mod.ts";
import {
  DIRECT,
  isPackageId,
  MINIMAL,
  packageId,
  type PackageName,
  readStored,
  type StoredPackage,
  type StoreEntry,
  TREE,
} from "./package_entry.ts";
import { FilesBeside, VersionsBeside } from "./files_beside.ts";
import { type MakeLink, writeLinks } from "./package_links.ts";
import { PackagePlaces } from "./package_places.ts";
import { PackageRoots } from "./package_roots.ts";
import { type CommitOptions, removeDirectory, StagedPackage } from "./staged_package.ts";

const LOCK_TIMEOUT_MS = 10_000;

/** Options of {@linkcode PackageStore.stage}, which unpacks a package under a temporary name. */
export interface StageOptions {
  limits: ArchiveLimits;
  /** Starts a thread that writes files. Default: the calling thread writes them. */
  startThread?: StartThread;
  signal?: AbortSignal;
}

/** The store of installed packages: adds, finds, lists and removes unpacked packages. */
export class PackageStore {
  readonly path: string;
  readonly roots: PackageRoots;
  /** Makes the links to packages in this store. */
  readonly makeLink: MakeLink;
  readonly #clock: Clock;
  readonly #places: PackagePlaces;
  readonly #versions: VersionsBeside;

  /**
   * @param makeLink makes the links to dependencies
   * @param clock measures the time spent waiting for locks
   */
  constructor(path: string, makeLink: MakeLink, clock: Clock = systemClock) {
    this.makeLink = makeLink;
    this.path = resolve(path);
    this.roots = new PackageRoots(this.path);
    this.#clock = clock;
    this.#places = new PackagePlaces(this.path, clock);
    this.#versions = new VersionsBeside(this.path);
  }

  /**
   * Prepares the store: creates a missing directory, recovers from interrupted replacements, and
   * removes temporary files of killed processes.
   *
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`
   */
  async ensure(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o755 }).catch((cause) => {
      throw fileError(cause, "write", this.path);
    });
    await this.#places.settleAll();
    await removeStaleTemporaries(this.path, this.#clock.now());
  }

  /**
   * Acquires the store's lock: shared to add packages, exclusive to remove packages. Disposing of
   * the result releases the lock.
   *
   * @throws {StoreError} `DIRECTORY_BUSY` (kind `in-use`)
   */
  lock(purpose: "add" | "remove", signal?: AbortSignal): Promise<Disposable> {
    return this.#lock(".lock", purpose === "remove", signal);
  }

  /**
   * Acquires the lock for rewriting a project's lock file. Throws like {@linkcode
   * PackageStore.lock}.
   */
  lockSaving(signal?: AbortSignal): Promise<Disposable> {
    return this.#lock(".save.lock", true, signal);
  }

  /**
   * Acquires the lock for moving a package, or a link to a package, to its final path. Callers must
   * hold the lock for milliseconds only. Throws like {@linkcode PackageStore.lock}.
   */
  lockPlaces(signal?: AbortSignal): Promise<Disposable> {
    return this.#places.lock(signal);
  }

  /** Removes the temporary files that killed processes left beside a project's lock file. */
  async tidyBeside(lockPath: string): Promise<void> {
    await removeOwnTemporaries(dirname(lockPath), this.#clock.now());
  }

  /** Returns the path of a package's unpacked files, whether or not the package is in the store. */
  treePath(what: PackageName | string): string {
    return join(this.path, typeof what === "string" ? what : packageId(what), TREE);
  }

  /**
   * Finds a package by its name, version and publisher, or by its id. Throws {@linkcode StoreError}
   * if the store cannot be read.
   */
  async find(what: PackageName | string): Promise<StoreEntry | undefined> {
    const id = typeof what === "string" ? what : packageId(what);
    const entry = await readStored(this.path, id);
    if (entry && entry.problem === undefined) return entry;
    // A missing package may be in the middle of a replacement by another process, running or
    // killed.
    if (!entry && !await this.#places.isUnsettled(id)) return await readStored(this.path, id);
    const settled = await this.#places.withLock(async () => {
      await this.#places.settle(id);
      return { entry: await readStored(this.path, id) };
    });
    return settled ? settled.entry : entry;
  }

  /**
   * Lists the packages in the store, sorted by name, version (as text) and publisher; damaged
   * packages come last. A missing store counts as empty.
   *
   * @throws {StoreError} `NOT_READABLE`, `IO_FAILED`
   */
  async list(): Promise<StoreEntry[]> {
    let names: string[];
    try {
      names = await readdir(this.path);
    } catch (cause) {
      if (isCode(cause, "ENOENT")) return [];
      throw fileError(cause, "read", this.path);
    }
    const entries: [key: string, StoreEntry][] = [];
    // Include packages whose replacement is running: for a moment, no directory in the store has
    // the id of such a package as its name.
    const ids = new Set([...names.filter(isPackageId), ...this.#places.unsettled(names)]);
    for (const id of ids) {
      const entry = await this.find(id);
      if (entry) entries.push([sortKey(entry), entry]);
    }
    return entries.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, entry]) => entry);
  }

  /**
   * Verifies an archive and unpacks it under a temporary name in the store. Files that a stored version
   * of the same name has with the same contents are hard-linked instead of written, so no program may
   * write to stored files. The package becomes visible when the caller commits the result. Disposing of an uncommitted result removes the
   * files.
   *
   * @throws {PackageError} if a step of the verification fails; no files remain in this case
   * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `IO_FAILED`
   */
  async stage(
    minimal: MinimalManifest,
    archivePath: string,
    { limits, startThread, signal }: StageOptions,
  ): Promise<StagedPackage> {
    const need = {
      what: `${minimal.name}@${minimal.version}`,
      directory: this.path,
      neededBytes: async () =>
        (await verifyArchive({ archivePath, minimal, limits, signal })).unpackedBytes,
      otherwise: "give another home with --home",
    };
    return await namingFullDisk(need, async () => {
      const temporary = await createTemporaryDirectory(this.path);
      const directory = temporary.path;
      try {
        const { full, unpackedBytes, linked } = await verifyArchive({
          archivePath,
          minimal,
          limits,
          unpackTo: join(directory, TREE),
          isTemporary: true,
          isReadOnly: true,
          existing: await this.#filesBeside(minimal, limits, signal),
          startThread,
          signal,
        });
        await writeFileAtomic(join(directory, MINIMAL), serializeMinimal(minimal));
        return new StagedPackage(this, temporary, minimal, {
          full,
          unpackedBytes,
          linked: linked!,
        });
      } catch (error) {
        await removeDirectory(temporary);
        throw error;
      }
    });
  }

  /** Replaces a stored package's links to its dependencies. Throws {@linkcode StoreError}. */
  async relink(entry: StoreEntry, links: ReadonlyMap<string, string>): Promise<void> {
    using _lock = await this.lockPlaces();
    await writeLinks(entry.directory, links, this.makeLink);
  }

  /** Marks a package as installed by name, or removes the mark. Throws {@linkcode StoreError}. */
  async setDirect(entry: StoreEntry, direct: boolean): Promise<void> {
    using _lock = await this.lockPlaces();
    await markDirect(entry, direct);
  }

  /**
   * Removes a package atomically. The caller must hold the store's exclusive lock.
   *
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`
   */
  async remove({ id }: StoreEntry): Promise<void> {
    const discarded = await this.#placing(async () => {
      await this.#places.settle(id);
      return await this.#places.empty(id);
    });
    await this.#places.remove(discarded);
  }

  /**
   * Moves a directory to its final path in the store, and replaces a damaged package there. An
   * intact copy of the same package stays unless `replace` is set; only its links and its mark
   * "installed by name" are updated. An existing mark is always kept.
   *
   * @returns the entry at the final path, and whether the given directory is now at this path
   * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`) if the store has another archive
   * of this name, version and publisher
   */
  async place(
    directory: string,
    minimal: MinimalManifest,
    { links, direct, replace = false }: CommitOptions,
  ): Promise<{ entry: StoreEntry | undefined; placed: boolean }> {
    const id = packageId(minimal);
    let discarded: string | undefined;
    const outcome = await this.#placing(async () => {
      await this.#places.settle(id);
      const there = await readStored(this.path, id);
      if (there && there.problem === undefined) {
        refuseOther(there, minimal);
        if (!replace) {
          await writeLinks(there.directory, links, this.makeLink);
          if (direct) await markDirect(there, true);
          return { entry: await readStored(this.path, id), placed: false };
        }
      }
      if (there?.direct) await writeFileAtomic(join(directory, DIRECT), "");
      discarded = await this.#places.fill(id, directory);
      return { entry: await readStored(this.path, id), placed: true };
    });
    await this.#places.remove(discarded);
    return outcome;
  }

  async #placing<T>(work: () => Promise<T>): Promise<T> {
    using _lock = await this.lockPlaces();
    return await work();
  }

  /** Returns the files of stored versions of a package's name; `undefined` if there is no version. */
  async #filesBeside(minimal: MinimalManifest, limits: ArchiveLimits, signal?: AbortSignal) {
    const ids = (await readdir(this.path)).filter(isPackageId);
    const versions = await this.#versions.find(ids, packageId(minimal), minimal.name);
    if (versions.length === 0) return undefined;
    return await FilesBeside.read(versions, limits, signal);
  }

  #lock(name: string, exclusive: boolean, signal?: AbortSignal): Promise<Disposable> {
    return lockFile(join(this.path, name), {
      exclusive,
      clock: this.#clock,
      timeoutMs: LOCK_TIMEOUT_MS,
      signal,
    });
  }
}

/**
 * Throws if a stored package and a minimal manifest of the same name, version and publisher have
 * different archive hashes.
 *
 * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`)
 */
export function refuseOther(there: StoredPackage, minimal: MinimalManifest): void {
  if (there.minimal.archiveSha256 === minimal.archiveSha256) return;
  const { name, version, archiveSha256, pubkey } = minimal;
  throw new StoreError(
    "verification",
    "PACKAGE_CHANGED",
    `${name}@${version} of ${pubkey} is in the store with other contents ` +
      `(${there.minimal.archiveSha256} there, ${archiveSha256} now): a published version does not change. ` +
      `Ask its publisher, or uninstall the stored package to install the other`,
    { detail: { path: there.path, existing: there.minimal.archiveSha256, given: archiveSha256 } },
  );
}

function sortKey(entry: StoreEntry): string {
  if (entry.problem !== undefined) return `~${entry.id}`;
  return [entry.name, entry.version, entry.publisher].join("\n");
}

/** Adds or removes the mark "installed by name". The caller must hold the place lock. */
async function markDirect({ directory }: StoreEntry, direct: boolean): Promise<void> {
  const path = join(directory, DIRECT);
  if (direct) return await writeFileAtomic(path, "");
  await unlink(path).catch((cause) => {
    if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", path);
  });
}
