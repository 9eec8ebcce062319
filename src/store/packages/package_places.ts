/**
 * Replaces package directories in the store, and recovers after a crash. No system call can replace
 * a directory that is not empty, so a replacement has three steps: rename the old directory to
 * `.replaced-ID`, rename the new directory to `ID`, remove the old directory. If a process is
 * killed in between, the next process that accesses the package undoes or finishes the replacement.
 *
 * `package_store.ts` decides which packages may be replaced.
 *
 * @module
 */

import { lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/mod.ts";
import {
  discardedPath,
  fileError,
  isCode,
  lockFile,
  StoreError,
  syncDirectory,
} from "../files/mod.ts";
import { isPackageId } from "./package_entry.ts";

const ASIDE_PREFIX = ".replaced-";
const LOCK_NAME = ".place.lock";
/**
 * Maximum time to wait for the place lock, milliseconds. Processes hold the lock for a few
 * milliseconds only.
 */
const LOCK_TIMEOUT_MS = 60_000;

/** Moves package directories into and out of a store, given their package ids. */
export class PackagePlaces {
  readonly #root: string;
  readonly #clock: Clock;

  /** @param root path of the store */
  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /**
   * Acquires the place lock. A process holds this lock while it moves a package, or a link to a
   * package, to its final path. Disposing of the result releases the lock. The lock is not
   * reentrant.
   *
   * @throws {StoreError} `DIRECTORY_BUSY` (kind `in-use`), and the errors of the file system
   */
  lock(signal?: AbortSignal): Promise<Disposable> {
    return lockFile(join(this.#root, LOCK_NAME), {
      exclusive: true,
      clock: this.#clock,
      timeoutMs: LOCK_TIMEOUT_MS,
      signal,
    });
  }

  /**
   * Moves a directory to the final path of a package id, and replaces an existing directory. The
   * caller must hold the place lock.
   *
   * @returns path of the old directory, which the caller must remove; `undefined` if there was none
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`; in this case the old directory is restored
   */
  async fill(id: string, directory: string): Promise<string | undefined> {
    const [final, aside] = [join(this.#root, id), this.#asideOf(id)];
    const isReplaced = await this.#rename(final, aside);
    if (isReplaced) await syncDirectory(this.#root);
    try {
      await rename(directory, final);
    } catch (cause) {
      if (isReplaced) await this.#rename(aside, final);
      throw fileError(cause, "write", final);
    }
    await syncDirectory(this.#root);
    return isReplaced ? await this.#discard(aside) : undefined;
  }

  /**
   * Moves away the directory of a package id. The caller must hold the place lock.
   *
   * @returns new path of the directory, which the caller must remove; `undefined` if there was none
   */
  async empty(id: string): Promise<string | undefined> {
    const discarded = discardedPath(this.#root);
    if (!await this.#rename(join(this.#root, id), discarded)) return undefined;
    await syncDirectory(this.#root);
    return discarded;
  }

  /**
   * Recovers from an interrupted replacement of a package. If the new package is at its final path,
   * finishes the replacement; otherwise restores the old package. The caller must hold the place
   * lock.
   */
  async settle(id: string): Promise<void> {
    const [final, aside] = [join(this.#root, id), this.#asideOf(id)];
    if (!await isThere(aside)) return;
    if (await isThere(final)) return await this.remove(await this.#discard(aside));
    await this.#rename(aside, final);
    await syncDirectory(this.#root);
  }

  /**
   * Returns the package ids whose replacement is running or was interrupted.
   *
   * @param names all file names in the store
   */
  unsettled(names: readonly string[]): string[] {
    return names.filter((name) => name.startsWith(ASIDE_PREFIX))
      .map((name) => name.slice(ASIDE_PREFIX.length)).filter(isPackageId);
  }

  /** Whether the replacement of a package is running or was interrupted. */
  async isUnsettled(id: string): Promise<boolean> {
    return await isThere(this.#asideOf(id));
  }

  /**
   * Waits for running replacements, and recovers from all interrupted ones. Does nothing if the
   * user has no write permission for the store.
   *
   * @returns whether any replacement was running or had been interrupted
   */
  async settleAll(): Promise<boolean> {
    const ids = this.unsettled(await namesIn(this.#root));
    if (ids.length === 0) return false;
    return await this.withLock(async () => {
      for (const id of ids) await this.settle(id);
      return true;
    }) ?? false;
  }

  /**
   * Calls `work` while holding the place lock. Returns `undefined`, without calling `work`, if the
   * user has no write permission.
   */
  async withLock<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      using _lock = await this.lock();
      return await work();
    } catch (error) {
      if (error instanceof StoreError && error.code === "NOT_WRITABLE") return undefined;
      throw error;
    }
  }

  /**
   * Removes a directory that was moved away. Another process may be removing it at the same time.
   */
  async remove(discarded: string | undefined): Promise<void> {
    if (discarded === undefined) return;
    await rm(discarded, { recursive: true, force: true }).catch((cause) => {
      throw fileError(cause, "write", discarded);
    });
  }

  #asideOf(id: string): string {
    return join(this.#root, ASIDE_PREFIX + id);
  }

  /**
   * Renames an old package directory to a name that marks it as an abandoned temporary. Any process
   * may remove the directory afterwards, even if this process is killed.
   */
  async #discard(aside: string): Promise<string> {
    const discarded = discardedPath(this.#root);
    await this.#rename(aside, discarded);
    return discarded;
  }

  /** Renames a file or directory. Returns whether a file or directory existed at `from`. */
  async #rename(from: string, to: string): Promise<boolean> {
    try {
      await rename(from, to);
      return true;
    } catch (cause) {
      if (isCode(cause, "ENOENT")) return false;
      throw fileError(cause, "write", from);
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return false;
    throw fileError(cause, "read", path);
  }
}

/** Lists the names in a directory. A missing directory counts as empty. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw fileError(cause, "read", path);
  }
}
