/**
 * How a package in the store takes the place of another one of the same id. A directory that is not
 * empty cannot be replaced in one call, so the old one is put aside under a name that says where it
 * belongs, and removed once the new one has its place. Killed in between, a process leaves the one or
 * the other: the next process that looks there undoes the replacement or finishes it.
 *
 * What is in a package, and whether it may be replaced, is decided by `package_store.ts`.
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
/** How long to wait for others that put packages in their places, milliseconds; each takes some ms. */
const LOCK_TIMEOUT_MS = 60_000;

/** The places of one store's packages. */
export class PackagePlaces {
  readonly #root: string;
  readonly #clock: Clock;

  /** @param root path of the store */
  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /**
   * Waits until no other process puts a package, or a link to one, in its place. Dispose of it to give
   * it back. A process that holds it must not ask for it again.
   *
   * @throws {StoreError} `DIRECTORY_BUSY` (kind `in-use`), those of the file system
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
   * Gives a directory the place of an id, and puts away what was there. Called with the lock held.
   *
   * @returns where the directory is that was there, to be removed; `undefined` if there was none
   * @throws {StoreError} `NOT_WRITABLE`, `IO_FAILED`; what was there is in its place again then
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
   * Takes away what has the place of an id. Called with the lock held.
   *
   * @returns where the directory is now, to be removed; `undefined` if there was none
   */
  async empty(id: string): Promise<string | undefined> {
    const discarded = discardedPath(this.#root);
    if (!await this.#rename(join(this.#root, id), discarded)) return undefined;
    await syncDirectory(this.#root);
    return discarded;
  }

  /**
   * Undoes the replacement of an id that was cut short or, if the new package is there, finishes it.
   * Called with the lock held.
   */
  async settle(id: string): Promise<void> {
    const [final, aside] = [join(this.#root, id), this.#asideOf(id)];
    if (!await isThere(aside)) return;
    if (await isThere(final)) return await this.remove(await this.#discard(aside));
    await this.#rename(aside, final);
    await syncDirectory(this.#root);
  }

  /** Ids of replacements that are under way or were cut short, among names in the store. */
  unsettled(names: readonly string[]): string[] {
    return names.filter((name) => name.startsWith(ASIDE_PREFIX))
      .map((name) => name.slice(ASIDE_PREFIX.length)).filter(isPackageId);
  }

  /** The same, of one id. */
  async isUnsettled(id: string): Promise<boolean> {
    return await isThere(this.#asideOf(id));
  }

  /**
   * Settles all replacements that were cut short, and waits for those under way. A store that this user
   * may not write to is left as it is.
   *
   * @returns whether there were any
   */
  async settleAll(): Promise<boolean> {
    const ids = this.unsettled(await namesIn(this.#root));
    if (ids.length === 0) return false;
    return await this.whileNobodyPlaces(async () => {
      for (const id of ids) await this.settle(id);
      return true;
    }) ?? false;
  }

  /** Does something with the lock held; `undefined` if this user may not write to the store. */
  async whileNobodyPlaces<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      using _lock = await this.lock();
      return await work();
    } catch (error) {
      if (error instanceof StoreError && error.code === "NOT_WRITABLE") return undefined;
      throw error;
    }
  }

  /** Removes what was put away. A process that tidies up may be at it too. */
  async remove(discarded: string | undefined): Promise<void> {
    if (discarded === undefined) return;
    await rm(discarded, { recursive: true, force: true }).catch((cause) => {
      throw fileError(cause, "write", discarded);
    });
  }

  #asideOf(id: string): string {
    return join(this.#root, ASIDE_PREFIX + id);
  }

  /** From now on any process may remove it. */
  async #discard(aside: string): Promise<string> {
    const discarded = discardedPath(this.#root);
    await this.#rename(aside, discarded);
    return discarded;
  }

  /** Returns whether there was something to rename. */
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

/** The names in a directory; none if it is not there. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw fileError(cause, "read", path);
  }
}
