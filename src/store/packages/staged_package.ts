/**
 * A package that was unpacked into the store under a temporary name, until `PackageStore` moves it to its
 * final path.
 *
 * @module
 */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { FullManifest, MinimalManifest } from "../../package/mod.ts";
import { StoreError, syncDirectory, type Temporary, writeFileAtomic } from "../files/mod.ts";
import { DIRECT, type StoredPackage, type StoreEntry } from "./package_entry.ts";
import { type MakeLink, writeLinks } from "./package_links.ts";

/** Options of {@linkcode StagedPackage.commit}, which moves a package to its final path. */
export interface CommitOptions {
  /** Ids of the packages that the package depends on, by package name. */
  links: ReadonlyMap<string, string>;
  /** Whether the user installs the package by name, not only as a dependency. */
  direct: boolean;
  /** Whether to replace a stored copy of the same package, because its files are damaged. */
  replace?: boolean;
}

/** The store, as far as a staged package needs it. */
interface Destination {
  makeLink: MakeLink;
  treePath(minimal: MinimalManifest): string;
  place(
    directory: string,
    minimal: MinimalManifest,
    options: CommitOptions,
  ): Promise<{ entry: StoreEntry | undefined; placed: boolean }>;
}

/** A verified and unpacked package under a temporary name, not yet visible in the store. */
export class StagedPackage implements AsyncDisposable {
  readonly minimal: MinimalManifest;
  readonly full: FullManifest;
  /** Size of the uncompressed archive (tar), in bytes. */
  readonly unpackedBytes: number;
  /**
   * Number of files that are links to files of the stored packages, also of the one that is replaced, and
   * their lengths together in bytes.
   */
  readonly linked: { files: number; bytes: number };
  readonly #store: Destination;
  #directory: Temporary | undefined;

  constructor(
    store: Destination,
    directory: Temporary,
    minimal: MinimalManifest,
    { full, unpackedBytes, linked }: Pick<StagedPackage, "full" | "unpackedBytes" | "linked">,
  ) {
    this.#store = store;
    this.#directory = directory;
    this.minimal = minimal;
    this.full = full;
    this.unpackedBytes = unpackedBytes;
    this.linked = linked;
  }

  /**
   * Moves the package with its links to its final path, atomically. If the store already has the
   * same package, updates only that package's links and mark; disposing of this object then removes
   * the new files.
   *
   * @throws {StoreError} `PACKAGE_CHANGED` (kind `verification`), and the errors of the file system
   */
  async commit({ links, direct, replace }: CommitOptions): Promise<StoredPackage> {
    const directory = this.#directory!.path;
    await writeLinks(directory, links, this.#store.makeLink);
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
    if (this.#directory !== undefined) await removeDirectory(this.#directory);
    this.#directory = undefined;
  }
}

/** Removes a temporary directory with everything in it. */
export async function removeDirectory(directory: Temporary): Promise<void> {
  await rm(directory.path, { recursive: true, force: true }).catch(() => {});
  directory[Symbol.dispose]();
}
