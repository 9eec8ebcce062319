/**
 * The rules for a single path. They apply to packing, to manifests and to unpacking. `path_set.ts`
 * has the rules for all paths of an archive together.
 *
 * @module
 */

import { quote } from "../errors.ts";
import { type ArchiveLimits, MAX_COMPONENT_BYTES } from "./limits.ts";

/** Path of the full manifest in an archive. No other file may have this path. */
export const MANIFEST_PATH = "manifest.json";

/** The limits from {@linkcode ArchiveLimits} that apply to paths. */
export type PathLimits = Pick<
  ArchiveLimits,
  "maxPathBytes" | "maxDepth" | "maxDirectories" | "maxPathsBytes"
>;

/** A broken path rule: an error code of `PackageError`, and a message for people. */
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

/**
 * Compares two paths by UTF-16 code units. Archives and manifests use this order, because RFC 8785
 * sorts keys in this way.
 */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A directory that contains the most recently added path. */
export interface OpenDirectory {
  /** Index in the file's path at which the directory's path ends. */
  end: number;
  /** Length of the directory's path in bytes of UTF-8. */
  endBytes: number;
  /** Number of the directory in the set, from 1 upwards; the root has 0. */
  number: number;
}

/** Matches printable ASCII without the backslash. Most paths match. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;
/**
 * Matches refused characters: control characters, backslashes, and U+FFFD, which a decoder writes
 * for bytes that are not UTF-8. The class lists the allowed characters and is negated. Lone
 * surrogates are checked separately, because including them here would make the search ten times
 * slower.
 */
const REFUSED = /[^\x20-\x5b\x5d-\x7e\xa0-\ufffc\ufffe\uffff]/;

/**
 * Checks a single path: it must be relative, with non-empty components divided by `/`, without
 * components `.` and `..`, backslashes and control characters, and within the limits for length and
 * depth.
 *
 * @param open directories shared with the previous path, which are not checked again
 * @returns the length of the path in bytes of UTF-8, or the broken rule
 */
export function checkPath(
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

/**
 * Returns the UTF-8 length in bytes of a part of a well-formed text. Encoding the text to measure
 * it would take three times as long.
 */
export function utf8Length(text: string, begin: number, end: number): number {
  let length = end - begin;
  for (let i = begin; i < end; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair has four bytes in UTF-8; each half counts two.
    if (unit >= 0x80) length += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
  }
  return length;
}

/** Returns the index in a path at which the component after a directory starts. */
export function startAfter(directory: OpenDirectory | undefined): number {
  return directory === undefined ? 0 : directory.end + 1;
}
