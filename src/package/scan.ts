/**
 * Finds what is to be packed: every file of a directory tree, in the order of the archive. Reads no
 * file's contents.
 *
 * @module
 */

import { join, sep } from "node:path";
import { messageOf, PackageError, quote } from "./errors.ts";
import type { ArchiveLimits } from "./limits.ts";
import { comparePaths, PathSet } from "./paths.ts";

/** Kept by version control, with histories and machine-bound paths in them. */
const VERSION_CONTROL = new Set([".git", ".hg", ".svn"]);

/** A file to pack. */
export interface ScannedFile {
  /** Its path in the archive. */
  path: string;
  /** Where its contents are; for a symbolic link, what it leads to. */
  source: string;
  info: Deno.FileInfo;
}

/** A directory tree. */
export interface Scan {
  /** In the order of the archive. */
  files: ScannedFile[];
  /** Paths that were left out, directories as one. */
  skipped: string[];
  /** Sum of the files' lengths. */
  totalBytes: number;
}

/** What {@linkcode scanDirectory} is told. */
export interface ScanOptions {
  limits: ArchiveLimits;
  /** Whether to leave out the file: it is an output of packing. */
  isOutput: (directory: string, name: string) => boolean;
  signal?: AbortSignal;
}

/**
 * Lists a directory tree. A symbolic link within the tree stands for what it leads to.
 *
 * @param root a real path, without links in it
 * @throws {PackageError} `FILE_UNREADABLE`, `FILE_TYPE_REFUSED`, `LINK_REFUSED`, `PATH_REFUSED`,
 * `PATH_COLLISION`, `PATH_TOO_LONG`, `TOO_MANY_FILES`
 */
export async function scanDirectory(root: string, options: ScanOptions): Promise<Scan> {
  const scan = new Scanner(root, options);
  await scan.walk(root, "", []);
  scan.files.sort((a, b) => comparePaths(a.path, b.path));
  scan.skipped.sort(comparePaths);
  return scan;
}

class Scanner implements Scan {
  readonly files: ScannedFile[] = [];
  readonly skipped: string[] = [];
  totalBytes = 0;
  readonly #root: string;
  readonly #options: ScanOptions;
  readonly #paths: PathSet;
  #directories = 0;

  constructor(root: string, options: ScanOptions) {
    this.#root = root;
    this.#options = options;
    this.#paths = new PathSet(options.limits.maxPathBytes);
  }

  /**
   * @param directory real path
   * @param prefix its path in the archive, with a slash at the end unless it is the root
   * @param above real paths of the directories that led here
   */
  async walk(directory: string, prefix: string, above: string[]): Promise<void> {
    this.#options.signal?.throwIfAborted();
    if (++this.#directories > this.#options.limits.maxFiles) throw this.#tooMany("directories");
    const names: string[] = [];
    try {
      // Not awaited, nor is what follows: that takes longer than the calls, of which there are many.
      for (const entry of Deno.readDirSync(directory)) names.push(entry.name);
    } catch (cause) {
      throw unreadable(directory, cause);
    }
    // So that of several problems it is always the same that is reported.
    for (const name of names.sort(comparePaths)) {
      const path = prefix + name;
      if (VERSION_CONTROL.has(name) || this.#options.isOutput(directory, name)) {
        this.skipped.push(path);
        continue;
      }
      await this.#visit(join(directory, name), path, [...above, directory]);
    }
  }

  async #visit(source: string, path: string, above: string[]): Promise<void> {
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(source);
      if (info.isSymlink) {
        source = await this.#follow(source, path);
        info = await Deno.stat(source);
        if (above.includes(source)) throw linkRefused(path, "leads in a circle");
      }
    } catch (cause) {
      if (cause instanceof PackageError) throw cause;
      // Where a name was not UTF-8, what stands for it is not found: then the name is the problem.
      this.#add(path);
      throw unreadable(source, cause);
    }
    if (info.isDirectory) return await this.walk(source, path + "/", above);
    if (!info.isFile) {
      const message = `${quote(path)} is a socket, a device or a FIFO, and cannot be packed.`;
      throw new PackageError("failed", "FILE_TYPE_REFUSED", message, { detail: { path } });
    }
    if (this.files.length >= this.#options.limits.maxFiles) throw this.#tooMany("files");
    this.#add(path);
    this.files.push({ path, source, info });
    this.totalBytes += info.size;
  }

  #add(path: string): void {
    const problem = this.#paths.add(path);
    if (problem === undefined) return;
    throw new PackageError("failed", problem.code, problem.message, { detail: { path } });
  }

  async #follow(link: string, path: string): Promise<string> {
    let target: string;
    try {
      target = await Deno.realPath(link);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) {
        throw linkRefused(path, "leads nowhere");
      }
      if (cause instanceof Deno.errors.FilesystemLoop) {
        throw linkRefused(path, "leads in a circle");
      }
      throw cause;
    }
    const inside = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
    if (target === this.#root || target.startsWith(inside)) return target;
    throw linkRefused(path, "leads out of the directory");
  }

  #tooMany(what: string): PackageError {
    const { maxFiles } = this.#options.limits;
    const message = `There are more than ${maxFiles} ${what} in ${this.#root}.`;
    return new PackageError("failed", "TOO_MANY_FILES", message, { detail: { maxFiles } });
  }
}

function linkRefused(path: string, why: string): PackageError {
  const message = `The symbolic link ${quote(path)} ${why}, so it cannot be packed.`;
  return new PackageError("failed", "LINK_REFUSED", message, { detail: { path } });
}

/** The system refuses to read a file or a directory. */
export function unreadable(source: string, cause: unknown): PackageError {
  const message = `${source} cannot be read: ${messageOf(cause)}`;
  return new PackageError("failed", "FILE_UNREADABLE", message, {
    cause,
    detail: { path: source },
  });
}
