/**
 * The set of all paths of an archive. Each path is checked when it is added: the rules for a single
 * path, the limits for all paths together, and collisions.
 *
 * @module
 */

import { quote } from "../errors.ts";
import { foldName } from "./fold.ts";
import { MAX_UNICODE_SHARE } from "./limits.ts";
import { type NamedEntry, NameTable } from "./name_table.ts";
import { PathList } from "./path_list.ts";
import {
  checkPath,
  MANIFEST_PATH,
  type OpenDirectory,
  type PathLimits,
  type PathProblem,
  startAfter,
  utf8Length,
} from "./path_rules.ts";

/** Number of the root among the directories of a set. */
const ROOT = 0;

/**
 * The paths of an archive added so far. A path is refused if a file system could confuse it with an
 * earlier path: two paths that are equal after NFC and case folding, or a path that is both a file
 * and a directory.
 *
 * Time and memory are linear in the bytes of the paths. Each directory has a number. A hash table
 * has a slot for each name, located by the hash of its directory's number and its folded name;
 * names with equal hashes are compared as texts. An archive normally lists the files of one
 * directory consecutively, so only the part of a path that differs from the previous path is
 * checked. Other orders have the same outcome but take longer.
 */
export class PathSet {
  /** The paths added so far, in the order in which they were added. */
  readonly list: PathList = new PathList();
  readonly #limits: PathLimits;
  readonly #names: NameTable;
  #directories = 0;
  /** Total length in bytes of UTF-8 of all paths, and of the paths that are not plain ASCII. */
  #pathsBytes = 0;
  #unicodePathsBytes = 0;
  #latest = "";
  /** The directories of the most recently added path, outermost first. */
  #open: OpenDirectory[] = [];

  constructor(limits: PathLimits, names: NameTable = new NameTable()) {
    this.#limits = limits;
    this.#names = names;
  }

  /**
   * Frees the hash table. The list of paths remains readable, but no path can be added any more.
   */
  [Symbol.dispose](): void {
    this.#names[Symbol.dispose]();
  }

  /**
   * Adds a file's path. Returns the broken rule, if any. After a broken rule the set must not be
   * used.
   */
  add(path: string): PathProblem | undefined {
    this.#leave(path);
    const checked = checkPath(path, this.#open, this.#limits);
    if (typeof checked !== "number") return checked;
    const problem = this.#count(path, checked) ?? this.#enter(path);
    if (problem !== undefined) return problem;
    this.#latest = path;
    this.list.push(path);
  }

  /**
   * Checks the total length of all paths against the limits, before any part of the new path is
   * normalized.
   */
  #count(path: string, lengthBytes: number): PathProblem | undefined {
    const { maxPathsBytes } = this.#limits;
    this.#pathsBytes += lengthBytes;
    if (this.#pathsBytes > maxPathsBytes) {
      const message = `The paths have more than ${maxPathsBytes} bytes together. Use fewer or ` +
        `shorter paths, or raise max-paths-size on every machine that takes the package.`;
      return { code: "PATHS_TOO_LONG", message };
    }
    // Only a pure ASCII text has as many UTF-8 bytes as UTF-16 code units.
    if (lengthBytes === path.length) return;
    this.#unicodePathsBytes += lengthBytes;
    const most = Math.floor(maxPathsBytes * MAX_UNICODE_SHARE);
    if (this.#unicodePathsBytes <= most) return;
    const message = `The paths that are not plain ASCII have more than ${most} bytes together, a ` +
      `quarter of max-paths-size. Use fewer such paths, or raise max-paths-size on every machine ` +
      `that takes the package.`;
    return { code: "PATHS_TOO_LONG", message };
  }

  /** Adds the directories that contain a file, and then the file. */
  #enter(path: string): PathProblem | undefined {
    const last = this.#open.at(-1);
    let parent = last?.number ?? ROOT;
    let endBytes = last?.endBytes ?? -1;
    for (let start = startAfter(last);;) {
      const end = path.indexOf("/", start);
      if (end === -1) return this.#enterFile(path, start, parent);
      const entered = this.#enterDirectory(path, start, end, parent);
      if (typeof entered !== "number") return entered;
      parent = entered;
      endBytes += 1 + utf8Length(path, start, end);
      this.#open.push({ end, endBytes, number: parent });
      start = end + 1;
    }
  }

  /**
   * Shortens the list of open directories (those of the previous path) to those that contain the
   * new path too.
   */
  #leave(path: string): void {
    const latest = this.#latest;
    const innermost = this.#open.at(-1);
    if (innermost === undefined) return;
    // Fast path: most paths are in the same directory as the previous path. Comparing slices
    // compares many characters at a time.
    if (path.slice(0, innermost.end + 1) === latest.slice(0, innermost.end + 1)) return;
    let same = 0;
    let open = 0;
    for (; open < this.#open.length; open++) {
      const { end } = this.#open[open]!;
      while (same <= end && path.charCodeAt(same) === latest.charCodeAt(same)) same++;
      if (same <= end) break;
    }
    this.#open.length = open;
  }

  #enterFile(path: string, start: number, parent: number): PathProblem | undefined {
    const name = path.slice(start);
    const folded = foldName(name);
    if (parent === ROOT && folded === MANIFEST_PATH) return reserved(path);
    const hash = this.#names.hash(parent, folded);
    const there = this.#names.find(hash, parent, this.#isName(start, folded));
    if (there !== undefined) return this.#collision(path, start, path.length, there);
    this.#names.add(hash, { owner: this.list.length, parent, directory: 0 });
  }

  /** Adds a directory unless the set has it, and returns its number. */
  #enterDirectory(
    path: string,
    start: number,
    end: number,
    parent: number,
  ): number | PathProblem {
    const name = path.slice(start, end);
    const folded = foldName(name);
    if (parent === ROOT && folded === MANIFEST_PATH) return reserved(path);
    const hash = this.#names.hash(parent, folded);
    const there = this.#names.find(hash, parent, this.#isName(start, folded));
    if (there !== undefined) {
      const isSame = there.directory !== 0 &&
        componentAt(this.list.at(there.owner)!, start) === name;
      return isSame ? there.directory : this.#collision(path, start, end, there);
    }
    const { maxDirectories } = this.#limits;
    if (++this.#directories > maxDirectories) {
      const message = `The files are in more than ${maxDirectories} directories.`;
      return { code: "TOO_MANY_DIRECTORIES", message };
    }
    this.#names.add(hash, { owner: this.list.length, parent, directory: this.#directories });
    return this.#directories;
  }

  /**
   * Makes a predicate for entries of the same directory whose folded name equals `folded`. The
   * directory's path has the same length in every path below it, so the name starts at the same
   * index.
   */
  #isName(start: number, folded: string) {
    return ({ owner }: NamedEntry): boolean =>
      foldName(componentAt(this.list.at(owner)!, start)) === folded;
  }

  #collision(path: string, start: number, end: number, there: NamedEntry): PathProblem {
    const name = componentAt(this.list.at(there.owner)!, start);
    return collision(path.slice(0, end), path.slice(0, start) + name, {
      isTwice: end === path.length && there.directory === 0,
    });
  }
}

/** Returns the path component that starts at the given index of a path. */
function componentAt(path: string, start: number): string {
  const end = path.indexOf("/", start);
  return end === -1 ? path.slice(start) : path.slice(start, end);
}

function reserved(path: string): PathProblem {
  const message = `${quote(path)} cannot be packed: an archive keeps its own manifest in ` +
    `${MANIFEST_PATH} at the root, in upper or lower case. Rename the file.`;
  return { code: "PATH_COLLISION", message };
}

/**
 * Makes the problem for two paths that are the same on a case-insensitive file system.
 *
 * @param path up to the component that collides
 * @param other the earlier path, up to the same component
 * @param isTwice whether both paths are files
 */
function collision(path: string, other: string, { isTwice }: { isTwice: boolean }): PathProblem {
  const code = "PATH_COLLISION";
  if (other !== path) {
    const message = `${quote(path)} and ${quote(other)} are the same path on a case-insensitive ` +
      `file system. Rename one of them.`;
    return { code, message };
  }
  const message = isTwice
    ? `${quote(path)} is listed twice.`
    : `${quote(path)} is listed twice, as a file and as a directory.`;
  return { code, message };
}
