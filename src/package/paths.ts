/**
 * Which paths may be in an archive. The same rule holds for packing, for the manifest and for
 * unpacking.
 *
 * @module
 */

import { utf8 } from "../base/mod.ts";
import { quote } from "./errors.ts";
import { MAX_COMPONENT_BYTES } from "./limits.ts";

/** The path of the full manifest in an archive; no other file may have it. */
export const MANIFEST_PATH = "manifest.json";

/** What is wrong with a path: an error code of this folder and a sentence. */
export interface PathProblem {
  code: "PATH_REFUSED" | "PATH_TOO_LONG" | "PATH_COLLISION";
  message: string;
}

/** The order of files in an archive and in a manifest: by UTF-16 code unit, as RFC 8785 sorts keys. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The paths of an archive so far. Refuses what could mean another file on another system: two paths
 * equal after NFC and case folding, or one that is a file here and a directory there.
 */
export class PathSet {
  readonly #maxPathBytes: number;
  /** Folded paths of files and of the directories they are in, with their spelling. */
  readonly #taken = new Map<string, { path: string; isDirectory: boolean }>();
  #lastDirectory: string | undefined;

  constructor(maxPathBytes: number) {
    this.#maxPathBytes = maxPathBytes;
    this.#taken.set(fold(MANIFEST_PATH), { path: MANIFEST_PATH, isDirectory: false });
  }

  /** Adds a file's path, or says why not. */
  add(path: string): PathProblem | undefined {
    return checkPath(path, this.#maxPathBytes) ?? this.#addDirectories(path) ??
      this.#take(path, false);
  }

  #addDirectories(path: string): PathProblem | undefined {
    const last = path.lastIndexOf("/");
    // Files of one directory mostly follow each other.
    if (last === -1 || path.slice(0, last) === this.#lastDirectory) return;
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      const problem = this.#take(path.slice(0, at), true);
      if (problem !== undefined) return problem;
    }
    this.#lastDirectory = path.slice(0, last);
  }

  #take(path: string, isDirectory: boolean): PathProblem | undefined {
    const folded = fold(path);
    const other = this.#taken.get(folded);
    if (other === undefined) {
      this.#taken.set(folded, { path, isDirectory });
      return;
    }
    if (other.isDirectory && isDirectory && other.path === path) return;
    if (other.path === MANIFEST_PATH) {
      const message = `${quote(path)} cannot be packed: ${MANIFEST_PATH} at the root, ` +
        `in whatever case, is where an archive keeps its own manifest.`;
      return { code: "PATH_COLLISION", message };
    }
    const message = other.path === path
      ? `${quote(path)} is there twice.`
      : `${quote(path)} and ${quote(other.path)} are the same path where case is not told apart.`;
    return { code: "PATH_COLLISION", message };
  }
}

/**
 * What is wrong with a path as such: relative, of non-empty components divided by `/`, none of them
 * `.` or `..`, without backslashes and control characters, within the lengths.
 */
function checkPath(path: string, maxPathBytes: number): PathProblem | undefined {
  const refused = (why: string): PathProblem => ({
    code: "PATH_REFUSED",
    message: `The path ${quote(path)} ${why}.`,
  });
  if (isLonger(path, maxPathBytes)) {
    return {
      code: "PATH_TOO_LONG",
      message: `The path ${quote(path)} is longer than ${maxPathBytes} bytes.`,
    };
  }
  if (path === "") return refused("is empty");
  if (path.startsWith("/")) return refused("is absolute");
  if (/\p{Cc}/u.test(path)) return refused("has a control character in it");
  if (path.includes("\\")) return refused("has a backslash in it");
  // What a decoder puts where the bytes were not UTF-8.
  if (!path.isWellFormed() || path.includes("\ufffd")) return refused("is not valid Unicode");
  for (const component of path.split("/")) {
    if (component === "") return refused("has an empty component");
    if (component === "." || component === "..") return refused(`has a component "${component}"`);
    if (isLonger(component, MAX_COMPONENT_BYTES)) {
      return {
        code: "PATH_TOO_LONG",
        message: `The path ${
          quote(path)
        } has a component longer than ${MAX_COMPONENT_BYTES} bytes.`,
      };
    }
  }
}

/** Whether a text has more bytes of UTF-8. It has one to three for each UTF-16 code unit. */
function isLonger(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && utf8(text).length > maxBytes;
}

/** Upper case first, so that what has no lower case of its own (ß, final sigma) falls together too. */
function fold(path: string): string {
  // Most are, and this is a tenth of the work.
  if (/^[\x20-\x7e]*$/.test(path)) return path.toLowerCase();
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
