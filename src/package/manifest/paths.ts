/**
 * Which paths may be in an archive. The same rule holds for packing, for the manifest and for
 * unpacking.
 *
 * @module
 */

import { quote } from "./errors.ts";
import { foldName } from "./fold.ts";
import { type ArchiveLimits, MAX_COMPONENT_BYTES, MAX_UNICODE_SHARE } from "./limits.ts";
import { type Named, NameTable } from "./name_table.ts";
import { PathList } from "./path_list.ts";

/** The path of the full manifest in an archive; no other file may have it. */
export const MANIFEST_PATH = "manifest.json";

/** The limits that a set of paths is held to. */
export type PathLimits = Pick<
  ArchiveLimits,
  "maxPathBytes" | "maxDepth" | "maxDirectories" | "maxPathsBytes"
>;

/** What is wrong with a path: an error code of this folder and a sentence. */
export interface PathProblem {
  code:
    | "PATH_REFUSED"
    | "PATH_TOO_LONG"
    | "PATH_TOO_DEEP"
    | "PATH_COLLISION"
    | "PATHS_TOO_LONG"
    | "TOO_MANY_DIRECTORIES";
  message: string;
}

/** The order of files in an archive and in a manifest: by UTF-16 code unit, as RFC 8785 sorts keys. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A directory that the latest path is in. */
interface OpenDirectory {
  /** Where its path ends in that of the file. */
  end: number;
  /** Length of its path in bytes of UTF-8. */
  endBytes: number;
  /** Its number in the set, from 1 on; the root has 0. */
  number: number;
}

/** Printable ASCII but for the backslash, as most paths are. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;
/**
 * Controls, backslashes and U+FFFD, which a decoder puts where the bytes were not UTF-8: all but the
 * rest. Surrogates without their other half are looked for apart: together it takes ten times as long.
 */
const REFUSED = /[^\x20-\x5b\x5d-\x7e\xa0-\ufffc\ufffe\uffff]/;

/** Number of the root among the directories of a set. */
const ROOT = 0;

/**
 * The paths of an archive so far. Refuses what could mean another file on another system: two paths
 * equal after NFC and case folding, or one that is a file here and a directory there.
 *
 * Time and memory are linear in the bytes of the paths. Each directory has a number, and each name in
 * it a slot in a table, by the hash of that number and the folded name. Two that have one hash are
 * compared as texts. In the order of an archive the paths of one directory follow each other, so a
 * path is looked at only from where it differs from the one before it; in any other order the outcome
 * is the same.
 */
export class PathSet {
  /** The added paths, in the order in which they came. */
  readonly list: PathList = new PathList();
  readonly #limits: PathLimits;
  readonly #names: NameTable;
  #directories = 0;
  /** Bytes of UTF-8 of all paths, and of the paths that are not plain ASCII. */
  #pathsBytes = 0;
  #unicodePathsBytes = 0;
  #latest = "";
  /** The directories that the latest path is in, from the outermost on. */
  #open: OpenDirectory[] = [];

  constructor(limits: PathLimits, names: NameTable = new NameTable()) {
    this.#limits = limits;
    this.#names = names;
  }

  /** Gives memory back. Nothing can be added any more; the list stays. */
  [Symbol.dispose](): void {
    this.#names[Symbol.dispose]();
  }

  /** Adds a file's path, or says why not. After a refusal the set is of no more use. */
  add(path: string): PathProblem | undefined {
    this.#leave(path);
    const checked = checkPath(path, this.#open, this.#limits);
    if (typeof checked !== "number") return checked;
    const problem = this.#count(path, checked) ?? this.#enter(path);
    if (problem !== undefined) return problem;
    this.#latest = path;
    this.list.push(path);
  }

  /** Holds the bytes of all paths to their limits, before any part of this path is normalized. */
  #count(path: string, lengthBytes: number): PathProblem | undefined {
    const { maxPathsBytes } = this.#limits;
    this.#pathsBytes += lengthBytes;
    if (this.#pathsBytes > maxPathsBytes) {
      const message = `The paths have more than ${maxPathsBytes} bytes together. Use fewer or ` +
        `shorter paths, or raise max-paths-size on every machine that takes the package.`;
      return { code: "PATHS_TOO_LONG", message };
    }
    // ASCII alone takes one byte for each code unit.
    if (lengthBytes === path.length) return;
    this.#unicodePathsBytes += lengthBytes;
    const most = Math.floor(maxPathsBytes * MAX_UNICODE_SHARE);
    if (this.#unicodePathsBytes <= most) return;
    const message = `The paths that are not plain ASCII have more than ${most} bytes together, a ` +
      `quarter of max-paths-size. Use fewer such paths, or raise max-paths-size on every machine ` +
      `that takes the package.`;
    return { code: "PATHS_TOO_LONG", message };
  }

  /** Enters the directories that a file is in, and the file. */
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

  /** Leaves the directories that the latest path is in and this one is not. */
  #leave(path: string): void {
    const latest = this.#latest;
    const innermost = this.#open.at(-1);
    if (innermost === undefined) return;
    // Mostly none. Both are parts of texts, which are compared many characters at a time.
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

  /** Returns the number of a directory, which may be new. */
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
   * Whether a name in the same directory is the same, case not told apart: that directory's path is as
   * long in the path that brought the name.
   */
  #isName(start: number, folded: string) {
    return ({ owner }: Named): boolean =>
      foldName(componentAt(this.list.at(owner)!, start)) === folded;
  }

  #collision(path: string, start: number, end: number, there: Named): PathProblem {
    const name = componentAt(this.list.at(there.owner)!, start);
    return collision(path.slice(0, end), path.slice(0, start) + name, {
      isTwice: end === path.length && there.directory === 0,
    });
  }
}

/** Where the component after a directory starts. */
function startAfter(directory: OpenDirectory | undefined): number {
  return directory === undefined ? 0 : directory.end + 1;
}

/** The component of a path that starts there. */
function componentAt(path: string, start: number): string {
  const end = path.indexOf("/", start);
  return end === -1 ? path.slice(start) : path.slice(start, end);
}

function reserved(path: string): PathProblem {
  const message = `${quote(path)} cannot be packed: ${MANIFEST_PATH} at the root, ` +
    `in whatever case, is where an archive keeps its own manifest.`;
  return { code: "PATH_COLLISION", message };
}

/**
 * Two paths that are one where case is not told apart, up to the component that is there already.
 *
 * @param isTwice whether both are files
 */
function collision(path: string, other: string, { isTwice }: { isTwice: boolean }): PathProblem {
  const code = "PATH_COLLISION";
  if (other !== path) {
    const message = `${quote(path)} and ${
      quote(other)
    } are the same path where case is not told apart.`;
    return { code, message };
  }
  const message = isTwice
    ? `${quote(path)} is there twice.`
    : `${quote(path)} is there twice, as a file and as a directory.`;
  return { code, message };
}

/**
 * What is wrong with a path as such: relative, of non-empty components divided by `/`, none of them
 * `.` or `..`, without backslashes and control characters, within the lengths.
 *
 * @param open directories that the path is in, and that an earlier one was in: they are not looked at
 * again
 * @returns the length of the path in UTF-8, in bytes, if nothing is wrong with it
 */
function checkPath(
  path: string,
  open: readonly OpenDirectory[],
  limits: PathLimits,
): PathProblem | number {
  if (path.length > limits.maxPathBytes) return tooLong(path, limits);
  if (path === "") return refused(path, "is empty");
  if (path.startsWith("/")) return refused(path, "is absolute");
  const last = open.at(-1);
  const rest = path.slice(startAfter(last));
  const isPlain = PLAIN.test(rest);
  if (!isPlain) {
    const found = REFUSED.exec(rest)?.[0];
    if (found === "\\") return refused(path, "has a backslash in it");
    if (found === "\ufffd" || !rest.isWellFormed()) return refused(path, "is not valid Unicode");
    if (found !== undefined) return refused(path, "has a control character in it");
  }
  let depth = open.length - 1;
  let lengthBytes = last?.endBytes ?? -1;
  for (let start = startAfter(last); start <= path.length; depth++) {
    const slash = path.indexOf("/", start);
    const end = slash === -1 ? path.length : slash;
    const length = end - start;
    if (length === 0) return refused(path, "has an empty component");
    if (length <= 2 && path[start] === "." && path[end - 1] === ".") {
      return refused(path, `has a component "${path.slice(start, end)}"`);
    }
    const componentBytes = isPlain ? length : utf8Length(path, start, end);
    if (componentBytes > MAX_COMPONENT_BYTES) {
      const message = `The path ${
        quote(path)
      } has a component longer than ${MAX_COMPONENT_BYTES} bytes.`;
      return { code: "PATH_TOO_LONG", message };
    }
    lengthBytes += componentBytes + 1;
    start = end + 1;
  }
  if (lengthBytes > limits.maxPathBytes) return tooLong(path, limits);
  if (depth > limits.maxDepth) {
    const message = `The path ${quote(path)} is more than ${limits.maxDepth} directories deep.`;
    return { code: "PATH_TOO_DEEP", message };
  }
  return lengthBytes;
}

function tooLong(path: string, { maxPathBytes }: PathLimits): PathProblem {
  const message = `The path ${quote(path)} is longer than ${maxPathBytes} bytes.`;
  return { code: "PATH_TOO_LONG", message };
}

function refused(path: string, why: string): PathProblem {
  return { code: "PATH_REFUSED", message: `The path ${quote(path)} ${why}.` };
}

/** Bytes of UTF-8 of a part of a well-formed text. Encoding it would take three times as long. */
function utf8Length(text: string, begin: number, end: number): number {
  let length = end - begin;
  for (let i = begin; i < end; i++) {
    const unit = text.charCodeAt(i);
    // A pair of surrogates has four.
    if (unit >= 0x80) length += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
  }
  return length;
}
