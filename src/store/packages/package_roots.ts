/**
 * Paths outside of the store that refer to its packages: lock files and links of projects. The
 * store saves each path in a small file, so that `store prune` knows which packages are still
 * needed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { MAX_PACKAGE_ROOTS } from "../../base/mod.ts";
import { fileError, isCode, StoreError, writeFileAtomic } from "../files/mod.ts";

const DIRECTORY = ".roots";
const FILE_NAME = /^[0-9a-f]{64}$/;
/** Maximum length of a saved path, in UTF-16 units. No operating system allows longer paths. */
const MAX_PATH_CHARACTERS = 65_536;

/** The saved paths of lock files and links that refer to packages of one store. */
export class PackageRoots {
  readonly #directory: string;

  /** @param store path of the store */
  constructor(store: string) {
    this.#directory = join(store, DIRECTORY);
  }

  /**
   * Saves the path of a lock file or link.
   *
   * @throws {StoreError} `TOO_MANY_ROOTS` if the store remembers as many paths as it may
   */
  async add(path: string): Promise<void> {
    const absolute = resolve(path);
    await mkdir(this.#directory, { recursive: true }).catch((cause) => {
      throw fileError(cause, "write", this.#directory);
    });
    const file = this.#fileOf(absolute);
    const names = await this.#names();
    if (names.length >= MAX_PACKAGE_ROOTS && !names.includes(basename(file))) {
      throw this.#tooMany("run `libreseed store prune`, which forgets those that are gone");
    }
    await writeFileAtomic(file, absolute);
  }

  /** Deletes a saved path. A path that is not saved causes no error. */
  async delete(path: string): Promise<void> {
    const file = this.#fileOf(resolve(path));
    await unlink(file).catch((cause) => {
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", file);
    });
  }

  /**
   * Lists all saved paths, sorted. The caller must check whether the files still exist.
   *
   * @throws {StoreError} `TOO_MANY_ROOTS` if there are more than libreseed saves
   */
  async list(): Promise<string[]> {
    const names = await this.#names();
    if (names.length > MAX_PACKAGE_ROOTS) {
      throw this.#tooMany("remove the directory, and install again in each project");
    }
    const paths: string[] = [];
    for (const name of names) {
      const file = join(this.#directory, name);
      const path = await readFile(file, "utf8").catch((cause) => {
        if (isCode(cause, "ENOENT")) return "";
        throw fileError(cause, "read", file);
      });
      // Ignore a file that libreseed did not write: the file's name is not the hash of the path in
      // the file.
      if (path.length <= MAX_PATH_CHARACTERS && this.#fileOf(path) === file) paths.push(path);
    }
    return paths.sort();
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#directory)).filter((name) => FILE_NAME.test(name));
    } catch (cause) {
      if (isCode(cause, "ENOENT")) return [];
      throw fileError(cause, "read", this.#directory);
    }
  }

  #tooMany(mend: string): StoreError {
    const message =
      `${this.#directory} names ${MAX_PACKAGE_ROOTS} lock files and links or more: ${mend}`;
    return new StoreError("failed", "TOO_MANY_ROOTS", message);
  }

  #fileOf(path: string): string {
    return join(this.#directory, createHash("sha256").update(path).digest("hex"));
  }
}
