/**
 * Walks a directory tree and collects the files that the rules select, in the order of the archive.
 * Reads no file's contents.
 *
 * @module
 */

import { join, relative, sep } from "node:path";
import { PackageError, quote, unreadable } from "../errors.ts";
import { type ArchiveLimits, comparePaths, PathSet } from "../paths/mod.ts";
import { defaultRules } from "./ignore_files.ts";
import type { Places } from "./places.ts";
import type { SelectionRules } from "./rules.ts";

/** A file that is to be packed. */
export interface ScannedFile {
  /** Path of the file in the archive. */
  path: string;
  /** Path of the file on the disk; for a symbolic link, the path of its target. */
  source: string;
  info: Deno.FileInfo;
}

/** The result of walking a directory tree. */
export interface Scan {
  /** The selected files, in the order of the archive. */
  files: ScannedFile[];
  /**
   * Paths in the tree that were not selected. A directory that was left out entirely appears once.
   */
  skipped: string[];
  /** Number of paths left out by the package's own rules rather than the default rules. */
  ruledOut: number;
  /** Sum of the files' lengths in bytes. */
  totalBytes: number;
}

/** Options of {@linkcode scanDirectory}: the limits, and the rules that select the files. */
export interface ScanOptions {
  limits: ArchiveLimits;
  rules: SelectionRules;
  /** Whether paths with this name are always left out, whichever rules select the files. */
  isAlwaysOut: (name: string) => boolean;
  /** Whether a file is an earlier output of packing. Such files are left out. */
  isOutput: (directory: string, name: string) => boolean;
  /** Directories that are never packed, such as the home in use. */
  places: Places;
  signal?: AbortSignal;
}

/**
 * Collects the files that the rules select. A symbolic link within the tree is replaced by its
 * target, and is left out if its target is left out.
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
  ruledOut = 0;
  totalBytes = 0;
  readonly #root: string;
  /** Path of the root directory with a separator at the end. */
  readonly #inside: string;
  readonly #options: ScanOptions;
  readonly #paths: PathSet;
  readonly #defaults = defaultRules();
  #directories = 0;

  constructor(root: string, options: ScanOptions) {
    this.#root = root;
    this.#inside = root.endsWith(sep) ? root : root + sep;
    this.#options = options;
    this.#paths = new PathSet(options.limits);
  }

  /**
   * @param directory real path of the directory to walk
   * @param prefix the directory's path in the archive, with a slash at the end; empty for the root
   * @param above real paths of the parent directories on the way, to detect circles of links
   */
  async walk(directory: string, prefix: string, above: string[]): Promise<void> {
    this.#options.signal?.throwIfAborted();
    if (++this.#directories > this.#options.limits.maxFiles) throw this.#tooMany("directories");
    const names: string[] = [];
    try {
      // File system calls are synchronous here and below: they are numerous, and awaiting each
      // would take longer than the call itself.
      for (const entry of Deno.readDirSync(directory)) names.push(entry.name);
    } catch (cause) {
      throw unreadable(directory, cause);
    }
    this.#options.rules.enter(prefix.slice(0, -1), names);
    // Sort the names, so that the same problem is reported every time if there are several
    // problems.
    for (const name of names.sort(comparePaths)) {
      const path = prefix + name;
      if (this.#options.isAlwaysOut(name) || this.#options.isOutput(directory, name)) {
        this.#skip(path);
        continue;
      }
      await this.#visit(join(directory, name), path, [...above, directory]);
    }
  }

  async #visit(source: string, path: string, above: string[]): Promise<void> {
    const { rules, places } = this.#options;
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(source);
      if (info.isSymlink) {
        // A link that the rules leave out is not followed, so its target does not matter.
        if (!rules.takesFile(path) && !rules.entersDirectory(path)) return this.#ruleOut(path);
        source = await this.#follow(source, path);
        info = await this.#statTarget(source, path);
        if (places.hold(source, info)) return this.#skip(path);
        this.#refuseOutside(source, path);
        if (this.#isLeftOut(source, info.isDirectory)) return this.#ruleOut(path);
      } else if (above.length > 1 && this.#isReachedByLink(source, path)) {
        if (this.#isLeftOut(source, info.isDirectory)) return this.#ruleOut(path);
      }
      if (places.hold(source, info)) return this.#skip(path);
      const isTaken = info.isDirectory ? rules.entersDirectory(path) : rules.takesFile(path);
      if (!isTaken) return this.#ruleOut(path);
      if (above.includes(source)) throw linkRefused(path, "leads in a circle");
    } catch (cause) {
      if (cause instanceof PackageError) throw cause;
      // A name that is not valid UTF-8 is decoded to a name that does not exist. `#add()` reports
      // such a name.
      this.#add(path);
      throw unreadable(source, cause);
    }
    if (info.isDirectory) return await this.walk(source, path + "/", above);
    if (!info.isFile) {
      const message = `${quote(path)} is a socket, a device or a FIFO, and cannot be packed. ` +
        "Remove it, or leave it out of the package.";
      throw new PackageError("failed", "FILE_TYPE_REFUSED", message, { detail: { path } });
    }
    if (this.files.length >= this.#options.limits.maxFiles) throw this.#tooMany("files");
    this.#add(path);
    this.files.push({ path, source, info });
    this.totalBytes += info.size;
  }

  #skip(path: string): void {
    this.skipped.push(path);
  }

  #ruleOut(path: string): void {
    this.skipped.push(path);
    if (!this.#defaults.ignores(path)) this.ruledOut++;
  }

  /**
   * Whether the path was reached through a link, so that its location on the disk is elsewhere in
   * the tree.
   */
  #isReachedByLink(source: string, path: string): boolean {
    return source.length !== this.#inside.length + path.length || !source.endsWith(path);
  }

  /** Whether a link's target, or a parent directory of the target, is left out. */
  #isLeftOut(source: string, isDirectory: boolean): boolean {
    const { rules, isAlwaysOut } = this.#options;
    const own = relative(this.#root, source).replaceAll(sep, "/");
    if (own === "") return false;
    return own.split("/").some(isAlwaysOut) || rules.excludes(own, isDirectory);
  }

  #add(path: string): void {
    const problem = this.#paths.add(path);
    if (problem === undefined) return;
    const advice = /^PATH_(REFUSED|TOO_)/.test(problem.code)
      ? " Rename it, or leave it out of the package."
      : "";
    throw new PackageError("failed", problem.code, problem.message + advice, { detail: { path } });
  }

  /** Returns the real path of a link's target. */
  async #follow(link: string, path: string): Promise<string> {
    try {
      return await Deno.realPath(link);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) throw linkRefused(path, "leads nowhere");
      if (cause instanceof Deno.errors.FilesystemLoop) throw linkRefused(path, "leads in a circle");
      throw cause;
    }
  }

  /** Reads the file information of a link's target. */
  async #statTarget(target: string, path: string): Promise<Deno.FileInfo> {
    try {
      return await Deno.stat(target);
    } catch (cause) {
      // A confined thread has no permission outside of the directory. Refuse the link, rather than
      // report the missing permission.
      this.#refuseOutside(target, path);
      throw cause;
    }
  }

  #refuseOutside(target: string, path: string): void {
    if (target === this.#root || target.startsWith(this.#inside)) return;
    throw linkRefused(path, "leads out of the directory");
  }

  #tooMany(kind: string): PackageError {
    const { maxFiles } = this.#options.limits;
    const message =
      `There are more than ${maxFiles} ${kind} in ${this.#root}. Leave some out, or raise ` +
      `max-files on every machine that takes the package.`;
    return new PackageError("failed", "TOO_MANY_FILES", message, { detail: { maxFiles } });
  }
}

function linkRefused(path: string, why: string): PackageError {
  const message = `The symbolic link ${quote(path)} ${why}, so it cannot be packed. ` +
    "Replace it with a copy of what it should lead to, or leave it out of the package.";
  return new PackageError("failed", "LINK_REFUSED", message, { detail: { path } });
}
