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
 * ├── .replaced-HASH/        the package that had this place, while another takes it
 * ├── .roots/                paths of lock files and links that refer to packages
 * └── .lock, .place.lock, .save.lock   held while packages come or go, while one gets its place, and
 *                            while a lock file is rewritten
 * ```
 *
 * Nothing in a package is ever run here. Which packages are wanted is decided above.
 *
 * @module
 */

import { mkdir, readdir, rm, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Clock, systemClock } from "../../base/mod.ts";
import {
  type ArchiveLimits,
  type FullManifest,
  type MinimalManifest,
  namingFullDisk,
  serializeMinimal,
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
  syncDirectory,
  type Temporary,
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
import { writeLinks } from "./package_links.ts";
import { PackagePlaces } from "./package_places.ts";
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
  readonly #places: PackagePlaces;

  /** @param clock for the time to wait for other processes */
  constructor(path: string, clock: Clock = systemClock) {
    this.path = resolve(path);
    this.roots = new PackageRoots(this.path);
    this.#clock = clock;
    this.#places = new PackagePlaces(this.path, clock);
  }

  /**
   * Makes the store if it is not there, undoes or finishes replacements that were cut short, and
   * removes what else killed processes left half-made.
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

  /**
   * Waits for the right to put a package, or a link to one, in its place, for a moment. Throws like
   * {@linkcode PackageStore.lock}.
   */
  lockPlaces(signal?: AbortSignal): Promise<Disposable> {
    return this.#places.lock(signal);
  }

  /** Removes the temporaries that killed processes left beside a project's lock file. */
  async tidyBeside(lockPath: string): Promise<void> {
    await removeOwnTemporaries(dirname(lockPath), this.#clock.now());
  }

  /** Where a package's tree lies or would lie; by its name or its id. */
  treePath(what: PackageName | string): string {
    return join(this.path, typeof what === "string" ? what : packageId(what), TREE);
  }

  /** One package, by its name or its id. Throws {@linkcode StoreError} if the store cannot be read. */
  async find(what: PackageName | string): Promise<StoreEntry | undefined> {
    const id = typeof what === "string" ? what : packageId(what);
    const entry = await readStored(this.path, id);
    if (entry && entry.problem === undefined) return entry;
    // At this moment another process may be putting a package there, or was killed while it did.
    if (!entry && !await this.#places.isUnsettled(id)) return await readStored(this.path, id);
    const settled = await this.#places.whileNobodyPlaces(async () => {
      await this.#places.settle(id);
      return { entry: await readStored(this.path, id) };
    });
    return settled ? settled.entry : entry;
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
    // One that is put aside at this moment has another in its place a moment later.
    const ids = new Set([...names.filter(isPackageId), ...this.#places.unsettled(names)]);
    for (const id of ids) {
      const entry = await this.find(id);
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
    });
  }

  /** Makes the links beside a stored package be these. Throws {@linkcode StoreError}. */
  async relink(entry: StoreEntry, links: ReadonlyMap<string, string>): Promise<void> {
    using _lock = await this.lockPlaces();
    await writeLinks(entry.directory, links);
  }

  /** Says whether a stored package was installed by its name. Throws {@linkcode StoreError}. */
  async setDirect(entry: StoreEntry, direct: boolean): Promise<void> {
    using _lock = await this.lockPlaces();
    await markDirect(entry, direct);
  }

  /**
   * Removes a package, in one step as others see it. The caller holds the lock to remove.
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
   * Gives a directory its final place. One that is damaged is replaced; if the very same package is
   * there already, that one stays, unless it is to be replaced too, and gets the links and the mark. A
   * mark that the package was installed by its name is kept.
   *
   * @returns what is there now, and whether it is the given directory
   * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`) if another archive of this name,
   * version and publisher is there
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
          await writeLinks(there.directory, links);
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
  async commit({ links, direct, replace }: CommitOptions): Promise<StoredPackage> {
    const directory = this.#directory!.path;
    await writeLinks(directory, links);
    if (direct) await writeFileAtomic(join(directory, DIRECT), "");
    await syncDirectory(directory);
    const options = { links, direct, replace };
    const { entry, placed } = await this.#store.place(directory, this.minimal, options);
    if (placed) {
      this.#directory?.[Symbol.dispose]();
      this.#directory = undefined;
    }
    if (entry && entry.problem === undefined) return entry;
    const message = `${this.#store.treePath(this.minimal)} was changed by another program`;
    throw new StoreError("failed", "IO_FAILED", message);
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
  if (there.minimal.archiveSha256 === minimal.archiveSha256) return;
  const { name, version, archiveSha256, pubkey } = minimal;
  throw new StoreError(
    "verification",
    "PACKAGE_CHANGED",
    `${name}@${version} of ${pubkey} is in the store with other contents ` +
      `(${there.minimal.archiveSha256} there, ${archiveSha256} now): a published version does not change. ` +
      `Ask its publisher, or uninstall the one that is there to take the other`,
    { detail: { path: there.path, existing: there.minimal.archiveSha256, given: archiveSha256 } },
  );
}

function sortKey(entry: StoreEntry): string {
  if (entry.problem !== undefined) return `~${entry.id}`;
  return [entry.name, entry.version, entry.publisher].join("\n");
}

/** The caller holds the lock on the places. */
async function markDirect({ directory }: StoreEntry, direct: boolean): Promise<void> {
  const path = join(directory, DIRECT);
  if (direct) return await writeFileAtomic(path, "");
  await unlink(path).catch((cause) => {
    if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", path);
  });
}

async function remove(directory: Temporary): Promise<void> {
  await rm(directory.path, { recursive: true, force: true }).catch(() => {});
  directory[Symbol.dispose]();
}
