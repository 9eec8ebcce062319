/**
 * Replaces a package's directory in the store, with recovery after a crash. No single call replaces
 * a directory that is not empty. So the old directory is renamed to `.replaced-ID`, the new one
 * gets its place, and the old one is removed. If a process is killed in between, the next process
 * that accesses the id undoes or finishes the replacement.
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
/** Maximum wait for the place lock, milliseconds. A process holds it for a few milliseconds. */
const LOCK_TIMEOUT_MS = 60_000;

/** The directories of one store's packages, by package id. */
export class PackagePlaces {
  readonly #root: string;
  readonly #clock: Clock;

  /** @param root path of the store */
  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /**
   * Takes the place lock, which a process holds while it moves a package, or a link to one, into
   * place. Dispose of the result to release it. The lock is not reentrant.
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
   * Moves a directory to the place of an id, replacing an existing one. The caller holds the lock.
   *
   * @returns path of the replaced directory, to be removed; `undefined` if there was none
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`; the old directory is restored then
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
   * Empties the place of an id. The caller holds the lock.
   *
   * @returns path of the displaced directory, to be removed; `undefined` if there was none
   */
  async empty(id: string): Promise<string | undefined> {
    const discarded = discardedPath(this.#root);
    if (!await this.#rename(join(this.#root, id), discarded)) return undefined;
    await syncDirectory(this.#root);
    return discarded;
  }

  /**
   * Recovers from an interrupted replacement of an id: finishes it if the new package has its
   * place, otherwise restores the old package. The caller holds the lock.
   */
  async settle(id: string): Promise<void> {
    const [final, aside] = [join(this.#root, id), this.#asideOf(id)];
    if (!await isThere(aside)) return;
    if (await isThere(final)) return await this.remove(await this.#discard(aside));
    await this.#rename(aside, final);
    await syncDirectory(this.#root);
  }

  /** Ids of running or interrupted replacements, among the file names in the store. */
  unsettled(names: readonly string[]): string[] {
    return names.filter((name) => name.startsWith(ASIDE_PREFIX))
      .map((name) => name.slice(ASIDE_PREFIX.length)).filter(isPackageId);
  }

  /** Whether a replacement of this id is running or was interrupted. */
  async isUnsettled(id: string): Promise<boolean> {
    return await isThere(this.#asideOf(id));
  }

  /**
   * Recovers from all interrupted replacements, after waiting for running ones. Does nothing if the
   * user has no write permission for the store.
   *
   * @returns whether there were any
   */
  async settleAll(): Promise<boolean> {
    const ids = this.unsettled(await namesIn(this.#root));
    if (ids.length === 0) return false;
    return await this.withLock(async () => {
      for (const id of ids) await this.settle(id);
      return true;
    }) ?? false;
  }

  /** Calls `work` with the lock held; `undefined` if the user has no write permission. */
  async withLock<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      using _lock = await this.lock();
      return await work();
    } catch (error) {
      if (error instanceof StoreError && error.code === "NOT_WRITABLE") return undefined;
      throw error;
    }
  }

  /** Removes a displaced directory. Another process may be removing it at the same time. */
  async remove(discarded: string | undefined): Promise<void> {
    if (discarded === undefined) return;
    await rm(discarded, { recursive: true, force: true }).catch((cause) => {
      throw fileError(cause, "write", discarded);
    });
  }

  #asideOf(id: string): string {
    return join(this.#root, ASIDE_PREFIX + id);
  }

  /** Renames a replaced directory to a temporary name, so that any process may remove it. */
  async #discard(aside: string): Promise<string> {
    const discarded = discardedPath(this.#root);
    await this.#rename(aside, discarded);
    return discarded;
  }

  /** Renames a path; returns whether it existed. */
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

/** The names in a directory; empty if it does not exist. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw fileError(cause, "read", path);
  }
}
