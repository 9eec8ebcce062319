/**
 * The files of other stored versions of a package, which the next version may share. An update changes
 * few files, so the others are hard-linked rather than written again.
 *
 * The manifests say which file has which hash. What a file on the disk really holds is checked by
 * `src/package/verifying/existing_files.ts` before it is linked.
 *
 * @module
 */

import { lstatSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type ArchiveLimits,
  type ExistingFiles,
  hashAt,
  MAX_MINIMAL_MANIFEST_BYTES,
  type ReadManifest,
} from "../../package/mod.ts";
import { StoreError } from "../files/mod.ts";
import { readManifestOf } from "./package_check.ts";
import { MINIMAL, readStored, type StoredPackage } from "./package_entry.ts";

/**
 * Maximum number of versions whose files are shared. A version's hashes take some 100 bytes a file in
 * memory, and the version installed last has nearly everything that the ones before have.
 */
const MAX_VERSIONS = 3;
/** Number of leading bytes of a hash by which it is looked up: as many as a number holds exactly. */
const KEY_DIGITS = 12;

/** The files of some stored versions, by hash. */
export class FilesBeside implements ExistingFiles {
  readonly #versions: { root: string; read: ReadManifest; byHash: Map<number, number> }[] = [];

  /**
   * Reads the manifests of stored versions. A version with a damaged manifest is left out.
   *
   * @throws {StoreError} `NOT_READABLE`, `IO_FAILED`
   * @throws the abort reason of `signal`
   */
  static async read(
    entries: readonly StoredPackage[],
    limits: ArchiveLimits,
    signal?: AbortSignal,
  ): Promise<FilesBeside> {
    const files = new FilesBeside();
    for (const entry of entries) {
      try {
        files.#add(entry.path, await readManifestOf(entry, limits, signal));
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== "PACKAGE_DAMAGED") throw error;
      }
    }
    return files;
  }

  find(sha256: string): string[] {
    const key = keyOf(sha256);
    const paths: string[] = [];
    for (const { root, read: { paths: listed, hashes }, byHash } of this.#versions) {
      const at = byHash.get(key);
      if (at === undefined || hashAt(hashes, at).toHex() !== sha256) continue;
      paths.push(join(root, listed.at(at)!));
    }
    return paths;
  }

  #add(root: string, read: ReadManifest): void {
    const byHash = new Map<number, number>();
    for (let at = 0; at < read.paths.length; at++) {
      byHash.set(keyOf(hashAt(read.hashes, at).toHex()), at);
    }
    this.#versions.push({ root, read, byHash });
  }
}

/** Finds the stored versions that share files with a package: those of the same name. */
export class VersionsBeside {
  readonly #root: string;
  /** Names of the stored packages by id; `undefined` for a directory that holds no package. */
  readonly #names = new Map<string, unknown>();

  /** @param root path of the store */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Returns at most three stored versions of a name, of whichever publisher: first the package itself, if
   * it is stored and is to be replaced, then those that were installed last.
   *
   * @param ids ids of all packages in the store
   * @param own id of the package
   */
  async find(ids: readonly string[], own: string, name: string): Promise<StoredPackage[]> {
    const found: { entry: StoredPackage; installedMs: number }[] = [];
    for (const id of ids) {
      // A package's name never changes, so each package is read once.
      if (!this.#names.has(id)) this.#names.set(id, nameOf(join(this.#root, id, MINIMAL)));
      if (this.#names.get(id) !== name) continue;
      const entry = await readStored(this.#root, id);
      if (entry === undefined || entry.problem !== undefined || entry.name !== name) continue;
      const installedMs = id === own ? Infinity : await changedMs(entry.directory);
      found.push({ entry, installedMs });
    }
    found.sort((a, b) => b.installedMs - a.installedMs);
    return found.slice(0, MAX_VERSIONS).map(({ entry }) => entry);
  }
}

/**
 * Reads the name in a minimal manifest, without verifying anything: a store may have thousands of
 * packages, of which few have the wanted name. Returns `undefined` if there is none.
 */
function nameOf(path: string): unknown {
  try {
    const info = lstatSync(path);
    if (!info.isFile() || info.size > MAX_MINIMAL_MANIFEST_BYTES) return undefined;
    return JSON.parse(readFileSync(path, "utf8"))?.name;
  } catch {
    return undefined;
  }
}

/** Returns when a directory was changed last, milliseconds; 0 if it is gone. */
async function changedMs(directory: string): Promise<number> {
  return await stat(directory).then(({ mtimeMs }) => mtimeMs, () => 0);
}

function keyOf(sha256: string): number {
  return parseInt(sha256.slice(0, KEY_DIGITS), 16);
}
