/**
 * Reads the field `files` of a full manifest from its bytes. The manifest may have 16 MiB, most of
 * it in `files`. The field is read in windows, with a yield to the event loop after each, and takes
 * little more memory than the paths. `full_reader.ts` reads the other fields.
 *
 * @module
 */

import { fromUtf8, utf8 } from "../../base/mod.ts";
import { quote } from "../errors.ts";
import type { PathList } from "../paths/mod.ts";
import { ContentHash } from "./content_hash.ts";

/** Length of a window in bytes. Reading a window takes some milliseconds. */
const WINDOW_BYTES = 64 * 1024;
/** Length of a file's SHA-256 in bytes. */
export const HASH_BYTES = 32;

const [QUOTE, COMMA, BACKSLASH, BRACE] = [0x22, 0x2c, 0x5c, 0x7d];
/**
 * Length in bytes of the shortest member of `files`: a path of one byte, its hash, quotes, colon
 * and comma.
 */
const LEAST_MEMBER_BYTES = 78;
/**
 * Beginning of the field `files` in canonical JSON (RFC 8785), if the field has at least one
 * member.
 */
const BEGIN = utf8('"files":{"');
/**
 * Text between a path and the hexadecimal digits of its hash. A path cannot contain this text,
 * because quotes in paths are escaped.
 */
const BETWEEN = '":"sha256:';
const PREFIX = "sha256:";
const NOT_CANONICAL = "it is not in canonical form (RFC 8785 and a line feed)";
const NOT_HASHES = "files: is not an object of sha256: and 64 digits each";

/** Paths and hashes of a manifest's files, in the order of the paths. */
export interface FileList {
  paths: PathList;
  /**
   * The SHA-256 of each file, {@linkcode HASH_BYTES} bytes each, concatenated in the order of the
   * paths.
   */
  hashes: Uint8Array;
  /** Content hash computed from the files' hashes, to compare with the manifest's `contentHash`. */
  contentHash: string;
  /** Index of the closing brace of `files` in the manifest's bytes. */
  end: number;
}

/**
 * Finds the field `files` of a manifest in canonical JSON by a byte search. No earlier field can
 * contain the searched bytes, because quotes in texts are escaped.
 *
 * @param maxFieldBytes maximum length of the fields before `files`
 * @returns index of the first byte after the opening brace; `undefined` if there is no such field
 */
export function findFiles(bytes: Uint8Array, maxFieldBytes: number): number | undefined {
  const end = Math.min(bytes.length, maxFieldBytes) - BEGIN.length;
  for (let at = bytes.indexOf(QUOTE); at !== -1 && at <= end; at = bytes.indexOf(QUOTE, at + 1)) {
    if (bytes[at - 1] !== BACKSLASH && BEGIN.every((byte, i) => bytes[at + i] === byte)) {
      return at + BEGIN.length - 1;
    }
  }
}

/**
 * Reads the members of the field `files`, and yields after each window.
 *
 * @param start index of the first byte after the opening brace
 * @param add called with each path; returns the problem of an invalid path
 * @throws {Error} if the bytes are not paths and hashes in canonical JSON; the message says why
 */
export function* readFiles(
  bytes: Uint8Array,
  start: number,
  add: (path: string) => string | undefined,
): Generator<void, Omit<FileList, "paths">> {
  // Allocate space for the maximum number of hashes that the bytes can hold. Unused pages take no
  // memory.
  const most = Math.ceil((bytes.length - start) / LEAST_MEMBER_BYTES);
  const hashes = new Uint8Array(most * HASH_BYTES);
  let count = 0;
  const contentHash = new ContentHash();
  let last: string | undefined;
  for (let at = start;;) {
    const { length, isLast } = windowAt(bytes.subarray(at, at + WINDOW_BYTES));
    const window = readWindow(fromUtf8(bytes.subarray(at, at + length)));
    for (const path of window.paths) {
      const problem = add(path);
      if (problem !== undefined) throw new Error(problem);
      if (last !== undefined && last >= path) throw new Error(NOT_CANONICAL);
      last = path;
    }
    const values = window.values.join("");
    contentHash.add(values);
    const digits = values.replaceAll(PREFIX, "");
    count += hashes.subarray(count).setFromHex(digits).written;
    at += length;
    if (isLast) {
      return {
        hashes: hashes.subarray(0, count),
        contentHash: contentHash.digest(),
        end: at,
      };
    }
    // Skip the comma between the last member of this window and the first of the next window.
    at++;
    yield;
  }
}

/** Reads the members of one window: for each, the path and the `sha256:` with 64 digits. */
function readWindow(text: string): { paths: string[]; values: string[] } {
  const paths: string[] = [];
  const values: string[] = [];
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(BETWEEN, at + 1);
    const begin = colon + BETWEEN.length;
    const end = begin + 2 * HASH_BYTES;
    if (text[at] !== '"' || colon === -1) throw new Error(NOT_HASHES);
    const path = unescaped(text.slice(at + 1, colon));
    if (text[end] !== '"' || !isHex(text, begin, end)) {
      throw new Error(`the hash of ${quote(path)} is not sha256: and 64 digits`);
    }
    paths.push(path);
    values.push(text.slice(begin - PREFIX.length, end));
    at = end + 2;
    if (at <= text.length && text[at - 1] !== ",") throw new Error(NOT_HASHES);
  }
  return { paths, values };
}

/** Whether a slice of a text consists of lower-case hexadecimal digits. */
function isHex(text: string, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (!isHexDigit(text.charCodeAt(i))) return false;
  return true;
}

/** Decodes the escapes in a canonical JSON string: quotes, backslashes and control characters. */
function unescaped(text: string): string {
  if (!text.includes('"') && !text.includes("\\")) return text;
  let path: unknown;
  try {
    path = JSON.parse(`"${text}"`);
  } catch (cause) {
    throw new Error("it is not JSON in UTF-8", { cause });
  }
  if (typeof path !== "string" || JSON.stringify(path) !== `"${text}"`) {
    throw new Error(NOT_CANONICAL);
  }
  return path;
}

/**
 * Measures the complete members at the start of a window: their length in bytes, and whether they
 * are the last members. A member ends with a hexadecimal digit and a quote, followed by a comma or
 * a brace. A path may also end with a digit and a quote, but there a colon follows the quote.
 */
function windowAt(window: Uint8Array): { length: number; isLast: boolean } {
  const endsValue = (at: number) => window[at - 1] === QUOTE && isHexDigit(window[at - 2]);
  for (let at = window.indexOf(BRACE); at !== -1; at = window.indexOf(BRACE, at + 1)) {
    if (endsValue(at)) return { length: at, isLast: true };
  }
  for (let at = window.length - 1; at > 0; at--) {
    if (window[at] === COMMA && endsValue(at)) return { length: at, isLast: false };
  }
  throw new Error(NOT_HASHES);
}

function isHexDigit(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x66);
}
