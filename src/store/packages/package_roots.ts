/**
 * What outside the store refers to its packages: lock files of projects, and links in projects. The
 * store remembers their paths, one small file each, so that `store prune` knows what is still needed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileError, isCode, writeFileAtomic } from "../files/mod.ts";

const DIRECTORY = ".roots";
const FILE_NAME = /^[0-9a-f]{64}$/;
/** Longer than any path that a system takes. */
const MAX_PATH_CHARACTERS = 65_536;

/** The remembered paths of one store. */
export class PackageRoots {
  readonly #directory: string;

  /** @param store path of the store */
  constructor(store: string) {
    this.#directory = join(store, DIRECTORY);
  }

  /** Remembers a path. Throws {@linkcode StoreError}. */
  async add(path: string): Promise<void> {
    const absolute = resolve(path);
    await mkdir(this.#directory, { recursive: true }).catch((cause) => {
      throw fileError(cause, "write", this.#directory);
    });
    await writeFileAtomic(this.#fileOf(absolute), absolute);
  }

  /** Forgets a path; it is no error if it was not known. */
  async delete(path: string): Promise<void> {
    const file = this.#fileOf(resolve(path));
    await unlink(file).catch((cause) => {
      if (!isCode(cause, "ENOENT")) throw fileError(cause, "write", file);
    });
  }

  /** All remembered paths, sorted. What is at them, if anything, is for the caller to see. */
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
      // Somebody else's doing otherwise: a path has the file name that follows from it.
      if (path.length <= MAX_PATH_CHARACTERS && this.#fileOf(path) === file) paths.push(path);
    }
    return paths.sort();
  }

  #fileOf(path: string): string {
    return join(this.#directory, createHash("sha256").update(path).digest("hex"));
  }
}
