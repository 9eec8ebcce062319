/**
 * The store of installed packages, `HOME/packages`: each version of each publisher's package unpacked
 * in a directory of its own, there whole or not at all.
 *
 * ```
 * packages/
 * ├── HASH/                  see packageId
 * │   ├── package/           the tree as it was signed, with its manifest.json
 * │   ├── minimal.json       the signed minimal manifest
 * │   ├── direct             there if it was installed by its name
 * │   └── node_modules/      links to the packages that it depends on
 * ├── .roots/                paths of lock files and links that refer to packages
 * └── .lock, .save.lock      held while packages come or go, and while a lock file is rewritten
 * ```
 *
 * Nothing in a package is ever run here. Which packages are wanted is decided above.
 *
 * @module
 */

import { mkdir, readdir, rename, rm, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clock, systemClock } from "../base/mod.ts";
import {
  type ArchiveLimits,
  type FullManifest,
  type MinimalManifest,
  serializeMinimal,
  verifyArchive,
} from "../package/mod.ts";
import { isCode, syncDirectory, writeFileAtomic } from "./atomic_files.ts";
import {
  createTemporaryDirectory,
  discardedPath,
  removeStaleTemporaries,
  type Temporary,
} from "./temporaries.ts";
import { fileError, StoreError } from "./errors.ts";
import { lockFile } from "./file_lock.ts";
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
import { writeLinks } from "./package_links.ts";
import { PackageRoots } from "./package_roots.ts";

const LOCK_TIMEOUT_MS = 10_000;

/** What {@linkcode PackageStore.stage} takes. */
export interface StageOptions {
  limits: ArchiveLimits;
  signal?: AbortSignal;
}

/** What {@linkcode StagedPackage.commit} takes. */
export interface CommitOptions {
  /** Ids of the packages that it depends on, by their names. */
  links: ReadonlyMap<string, string>;
  /** Whether it is installed by its name. */
  direct: boolean;
  /** Take the place of the very same package, whose files were found damaged. */
  replace?: boolean;
}

/** The store of installed packages. */
export class PackageStore {
  readonly path: string;
  readonly roots: PackageRoots;
  readonly #clock: Clock;

  /** @param clock for the time to wait for other processes */
  constructor(path: string, clock: Clock = systemClock) {
    this.path = resolve(path);
    this.roots = new PackageRoots(this.path);
    this.#clock = clock;
  }

  /**
   * Makes the store if it is not there, and removes what killed processes left half-made.
   *
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`
   */
  async ensure(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o755 }).catch((cause) => {
      throw fileError(cause, "write", this.path);
    });
    await removeStaleTemporaries(this.path, this.#clock.now());
  }

  /**
   * Waits for the right to add packages, which several processes may have at once, or to remove some,
   * which only one may have while none adds. Dispose of it to give it back.
   *
   * @throws {StoreError} `DIRECTORY_BUSY` (kind `in-use`)
   */
  lock(purpose: "add" | "remove", signal?: AbortSignal): Promise<Disposable> {
    return this.#lock(".lock", purpose === "remove", signal);
  }

  /** Waits for the right to rewrite a project's lock file. Throws like {@linkcode PackageStore.lock}. */
  lockSaving(signal?: AbortSignal): Promise<Disposable> {
    return this.#lock(".save.lock", true, signal);
  }

  /** Where a package's tree lies or would lie; by its name or its id. */
  treePath(what: PackageName | string): string {
    return join(this.path, typeof what === "string" ? what : packageId(what), TREE);
  }

  /** One package, by its name or its id. Throws {@linkcode StoreError} if the store cannot be read. */
  async find(what: PackageName | string): Promise<StoreEntry | undefined> {
    return await readStored(this.path, typeof what === "string" ? what : packageId(what));
  }

  /**
   * Everything that lies in the store, by name, version as text, and publisher; what is damaged comes
   * last. A store that is not there is empty.
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
    for (const id of names.filter(isPackageId)) {
      const entry = await readStored(this.path, id);
      if (entry) entries.push([sortKey(entry), entry]);
    }
    return entries.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, entry]) => entry);
  }

  /**
   * Verifies an archive and unpacks it beside its place. Nobody sees it there until it is committed;
   * disposing of it before that removes it.
   *
   * @throws {PackageError} whichever step of the verification chain failed; nothing is left then
   * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `IO_FAILED`
   */
  async stage(
    minimal: MinimalManifest,
    archivePath: string,
    { limits, signal }: StageOptions,
  ): Promise<StagedPackage> {
    const temporary = await createTemporaryDirectory(this.path);
    const directory = temporary.path;
    try {
      const { full, unpackedBytes } = await verifyArchive({
        archivePath,
        minimal,
        limits,
        unpackTo: join(directory, TREE),
        signal,
      });
      await writeFileAtomic(join(directory, MINIMAL), serializeMinimal(minimal));
      return new StagedPackage(this, temporary, minimal, full, unpackedBytes);
    } catch (error) {
      await remove(temporary);
      throw error;
    }
  }

  /** Makes the links beside a stored package be these. Throws {@linkcode StoreError}. */
  async relink(entry: StoreEntry, links: ReadonlyMap<string, string>): Promise<void> {
    await writeLinks(entry.directory, links);
  }

  /** Says whether a stored package was installed by its name. Throws {@linkcode StoreError}. */
  async setDirect(entry: StoreEntry, direct: boolean): Promise<void> {
    const path = join(entry.directory, DIRECT);
    if (direct) return await writeFileAtomic(path, "");
    await unlink(path).catch((cause) => {
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", path);
    });
  }

  /**
   * Removes a package, in one step as others see it. Whoever calls holds the lock to remove.
   *
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`
   */
  async remove(entry: StoreEntry): Promise<void> {
    const aside = discardedPath(this.path);
    await rename(entry.directory, aside).catch((cause) => {
      throw fileError(cause, "write", entry.directory);
    });
    await syncDirectory(this.path);
    // Whoever tidies up may be at it too.
    await rm(aside, { recursive: true, force: true }).catch((cause) => {
      throw fileError(cause, "write", aside);
    });
  }

  /**
   * Gives a directory its final name. One that is damaged is replaced; if the very same package is
   * there already, or comes there at this moment, that one stays, unless it is to be replaced too. A
   * mark that the package was installed by its name is kept.
   *
   * @returns whether the given directory is the one that is there now
   * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`) if another archive of this name,
   * version and publisher is there
   */
  async place(
    directory: string,
    minimal: MinimalManifest,
    replace: boolean,
  ): Promise<boolean> {
    const final = join(this.path, packageId(minimal));
    for (;;) {
      const there = await this.find(minimal);
      if (there && there.problem === undefined) {
        refuseOther(there, minimal);
        if (!replace) return false;
      }
      if (there?.direct) await writeFileAtomic(join(directory, DIRECT), "");
      if (there) await this.remove(there).catch(ignoreMissing);
      try {
        await rename(directory, final);
        await syncDirectory(this.path);
        return true;
      } catch (cause) {
        // Somebody else put it there just now.
        if (!isCode(cause, "ENOTEMPTY") && !isCode(cause, "EEXIST")) {
          throw fileError(cause, "write", final);
        }
      }
    }
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

/** A package that is verified and unpacked, and not yet in its place. */
export class StagedPackage implements AsyncDisposable {
  readonly minimal: MinimalManifest;
  readonly full: FullManifest;
  /** Length of the tar in the archive. */
  readonly unpackedBytes: number;
  readonly #store: PackageStore;
  #directory: Temporary | undefined;

  constructor(
    store: PackageStore,
    directory: Temporary,
    minimal: MinimalManifest,
    full: FullManifest,
    unpackedBytes: number,
  ) {
    this.#store = store;
    this.#directory = directory;
    this.minimal = minimal;
    this.full = full;
    this.unpackedBytes = unpackedBytes;
  }

  /**
   * Puts it in its place, with its links, in one step. If the very same package is there, it gets the
   * links and the mark, and this one is removed.
   *
   * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`) and those of the file system
   */
  async commit({ links, direct, replace = false }: CommitOptions): Promise<StoredPackage> {
    const directory = this.#directory!.path;
    await writeLinks(directory, links);
    if (direct) await writeFileAtomic(join(directory, DIRECT), "");
    await syncDirectory(directory);
    const placed = await this.#store.place(directory, this.minimal, replace);
    if (placed) {
      this.#directory?.[Symbol.dispose]();
      this.#directory = undefined;
    }
    const entry = await this.#store.find(this.minimal);
    if (!entry || entry.problem !== undefined) {
      const message = `${this.#store.treePath(this.minimal)} was changed by another program`;
      throw new StoreError("failed", "IO_FAILED", message);
    }
    if (!placed) {
      await this.#store.relink(entry, links);
      if (direct) await this.#store.setDirect(entry, true);
    }
    return { ...entry, direct: entry.direct || direct };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#directory !== undefined) await remove(this.#directory);
    this.#directory = undefined;
  }
}

/**
 * Refuses a stored package that is not the one that a minimal manifest names, though it has its name.
 *
 * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`)
 */
export function refuseOther(there: StoredPackage, minimal: MinimalManifest): void {
  if (there.minimal.infohash === minimal.infohash) return;
  const { name, version, infohash, pubkey } = minimal;
  throw new StoreError(
    "verification",
    "PACKAGE_CHANGED",
    `${name}@${version} of ${pubkey} is in the store with other contents ` +
      `(${there.minimal.infohash} there, ${infohash} now): a published version does not change. ` +
      `Ask its publisher, or uninstall the one that is there to take the other`,
    { detail: { path: there.path, existing: there.minimal.infohash, given: infohash } },
  );
}

function sortKey(entry: StoreEntry): string {
  if (entry.problem !== undefined) return `~${entry.id}`;
  return [entry.name, entry.version, entry.publisher].join("\n");
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof StoreError) || error.code !== "FILE_MISSING") throw error;
}

async function remove(directory: Temporary): Promise<void> {
  await rm(directory.path, { recursive: true, force: true }).catch(() => {});
  directory[Symbol.dispose]();
}
