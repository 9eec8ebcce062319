/**
 * Which paths may be in an archive. The same rule holds for packing, for the manifest and for
 * unpacking.
 *
 * @module
 */

import { utf8 } from "../base/mod.ts";
import { quote } from "./errors.ts";
import { foldName } from "./fold.ts";
import { type ArchiveLimits, MAX_COMPONENT_BYTES } from "./limits.ts";

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

/** A directory: what is in it, by folded name. A file is there as its name. */
class Directory {
  readonly name: string;
  readonly entries = new Map<string, string | Directory>();

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * The paths of an archive so far. Refuses what could mean another file on another system: two paths
 * equal after NFC and case folding, or one that is a file here and a directory there.
 *
 * Time and memory are linear in the bytes of the paths: a tree of names holds each directory once, and
 * each path is walked once.
 */
export class PathSet {
  readonly #limits: PathLimits;
  readonly #root = new Directory("");
  #directories = 0;
  #pathsBytes = 0;
  /** Where the file before this one is. Files of one directory mostly follow each other. */
  #last = { path: "", directory: this.#root };

  constructor(limits: PathLimits) {
    this.#limits = limits;
    this.#root.entries.set(foldName(MANIFEST_PATH), MANIFEST_PATH);
  }

  /** Adds a file's path, or says why not. After a refusal the set is of no more use. */
  add(path: string): PathProblem | undefined {
    const problem = checkPath(path, this.#limits) ?? this.#count(path);
    if (problem !== undefined) return problem;
    const end = path.lastIndexOf("/");
    const found = this.#directoryOf(path, end);
    if (!(found instanceof Directory)) return found;
    const name = path.slice(end + 1);
    const folded = foldName(name);
    const there = found.entries.get(folded);
    if (there !== undefined) return collision(path, end + 1, there);
    // One text for both, where they are alike: of files there are many.
    found.entries.set(folded, folded === name ? folded : name);
  }

  #count(path: string): PathProblem | undefined {
    const { maxPathsBytes } = this.#limits;
    this.#pathsBytes += byteLength(path);
    if (this.#pathsBytes <= maxPathsBytes) return;
    const message = `The paths have more than ${maxPathsBytes} bytes together.`;
    return { code: "PATHS_TOO_LONG", message };
  }

  /** The directory that a file is in, made where it is new. @param end of the directory's path */
  #directoryOf(path: string, end: number): Directory | PathProblem {
    if (end === -1) return this.#root;
    const directoryPath = path.slice(0, end);
    if (directoryPath === this.#last.path) return this.#last.directory;
    let directory = this.#root;
    for (let start = 0; start < end;) {
      const at = path.indexOf("/", start);
      const name = path.slice(start, at);
      const folded = foldName(name);
      let next = directory.entries.get(folded);
      if (next === undefined) {
        const { maxDirectories } = this.#limits;
        if (++this.#directories > maxDirectories) {
          const message = `The files are in more than ${maxDirectories} directories.`;
          return { code: "TOO_MANY_DIRECTORIES", message };
        }
        next = new Directory(name);
        directory.entries.set(folded, next);
      } else if (typeof next === "string" || next.name !== name) {
        return collision(path.slice(0, at), start, next, path);
      }
      directory = next;
      start = at + 1;
    }
    this.#last = { path: directoryPath, directory };
    return directory;
  }
}

/**
 * Two paths that are one where case is not told apart.
 *
 * @param path up to the component that is there already
 * @param start of that component
 * @param there what has its place
 * @param file the whole path, if the component is a directory in it
 */
function collision(
  path: string,
  start: number,
  there: string | Directory,
  file = path,
): PathProblem {
  const code = "PATH_COLLISION";
  if (start === 0 && there === MANIFEST_PATH) {
    const message = `${quote(file)} cannot be packed: ${MANIFEST_PATH} at the root, ` +
      `in whatever case, is where an archive keeps its own manifest.`;
    return { code, message };
  }
  const other = path.slice(0, start) + (typeof there === "string" ? there : there.name);
  if (other !== path) {
    const message = `${quote(path)} and ${
      quote(other)
    } are the same path where case is not told apart.`;
    return { code, message };
  }
  const isTwice = file === path && typeof there === "string";
  const message = isTwice
    ? `${quote(path)} is there twice.`
    : `${quote(path)} is there twice, as a file and as a directory.`;
  return { code, message };
}

/**
 * What is wrong with a path as such: relative, of non-empty components divided by `/`, none of them
 * `.` or `..`, without backslashes and control characters, within the lengths.
 */
function checkPath(path: string, limits: PathLimits): PathProblem | undefined {
  const refused = (why: string): PathProblem => ({
    code: "PATH_REFUSED",
    message: `The path ${quote(path)} ${why}.`,
  });
  if (isLonger(path, limits.maxPathBytes)) {
    const message = `The path ${quote(path)} is longer than ${limits.maxPathBytes} bytes.`;
    return { code: "PATH_TOO_LONG", message };
  }
  if (path === "") return refused("is empty");
  if (path.startsWith("/")) return refused("is absolute");
  if (/\p{Cc}/u.test(path)) return refused("has a control character in it");
  if (path.includes("\\")) return refused("has a backslash in it");
  // What a decoder puts where the bytes were not UTF-8.
  if (!path.isWellFormed() || path.includes("\ufffd")) return refused("is not valid Unicode");
  let depth = -1;
  for (let start = 0; start <= path.length; depth++) {
    const slash = path.indexOf("/", start);
    const end = slash === -1 ? path.length : slash;
    const length = end - start;
    if (length === 0) return refused("has an empty component");
    if (length <= 2 && path[start] === "." && path[end - 1] === ".") {
      return refused(`has a component "${path.slice(start, end)}"`);
    }
    if (length * 3 > MAX_COMPONENT_BYTES && isLonger(path.slice(start, end), MAX_COMPONENT_BYTES)) {
      const message = `The path ${
        quote(path)
      } has a component longer than ${MAX_COMPONENT_BYTES} bytes.`;
      return { code: "PATH_TOO_LONG", message };
    }
    start = end + 1;
  }
  if (depth > limits.maxDepth) {
    const message = `The path ${quote(path)} is more than ${limits.maxDepth} directories deep.`;
    return { code: "PATH_TOO_DEEP", message };
  }
}

/** Whether a text has more bytes of UTF-8. It has one to three for each UTF-16 code unit. */
function isLonger(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && byteLength(text) > maxBytes;
}

/** Bytes of UTF-8. */
function byteLength(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : utf8(text).length;
}
