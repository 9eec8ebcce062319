/**
 * Paths outside of the store that refer to its packages: lock files and links of projects. The
 * store saves each path in a small file, so that `store prune` knows which packages are still
 * needed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileError, isCode, writeFileAtomic } from "../files/mod.ts";

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

  /** Saves the path of a lock file or link. Throws {@linkcode StoreError}. */
  async add(path: string): Promise<void> {
    const absolute = resolve(path);
    await mkdir(this.#directory, { recursive: true }).catch((cause) => {
      throw fileError(cause, "write", this.#directory);
    });
    await writeFileAtomic(this.#fileOf(absolute), absolute);
  }

  /** Deletes a saved path. A path that is not saved causes no error. */
  async delete(path: string): Promise<void> {
    const file = this.#fileOf(resolve(path));
    await unlink(file).catch((cause) => {
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", file);
    });
  }

  /** Lists all saved paths, sorted. The caller must check whether the files still exist. */
  async list(): Promise<string[]> {
    let names: string[];
    try {
      names = await readdir(this.#directory);
    } catch (cause) {
      if (isCode(cause, "ENOENT")) return [];
      throw fileError(cause, "read", this.#directory);
    }
    const paths: string[] = [];
    for (const name of names.filter((name) => FILE_NAME.test(name))) {
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

  #fileOf(path: string): string {
    return join(this.#directory, createHash("sha256").update(path).digest("hex"));
  }
}
