/**
 * Reads the `files` of a full manifest, which may be most of 16 MiB of a stranger's, out of its bytes:
 * window by window, so that others have their turn, and into little more memory than the paths take.
 * The other fields are `full_manifest.ts`'s business.
 *
 * @module
 */

import { fromUtf8, utf8 } from "../../base/mod.ts";
import { ContentHash } from "./content_hash.ts";
import { quote } from "./errors.ts";
import type { PathList } from "./path_list.ts";

/** How much is read at a time: some milliseconds' work. */
const WINDOW_BYTES = 64 * 1024;
/** Bytes of a file's hash. */
export const HASH_BYTES = 32;

const [QUOTE, COMMA, BACKSLASH, BRACE] = [0x22, 0x2c, 0x5c, 0x7d];
/** Bytes of a path of one byte with its hash, quotes, colon and comma. */
const LEAST_MEMBER_BYTES = 78;
/** How the object begins, where it is not empty, in canonical JSON (RFC 8785). */
const BEGIN = utf8('"files":{"');
/** What is between a path and the digits of its hash. No path can hold it: its quotes are escaped. */
const BETWEEN = '":"sha256:';
const PREFIX = "sha256:";
const NOT_CANONICAL = "it is not in canonical form (RFC 8785 and a line feed)";
const NOT_HASHES = "files: is not an object of sha256: and 64 digits each";

/** The files of a manifest. */
export interface FileList {
  /** In their order. */
  paths: PathList;
  /** {@linkcode HASH_BYTES} for each path. */
  hashes: Uint8Array;
  /** `contentHash` as it follows from the files. */
  contentHash: string;
  /** Index of the closing brace in the manifest. */
  end: number;
}

/**
 * Finds the `files` of a manifest in canonical JSON; `undefined` if it has none. No text in the fields
 * before can hold these bytes: its quotes are escaped.
 *
 * @param maxFieldBytes how much the fields before may take
 * @returns index of the first byte after the opening brace
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
 * Reads the members of `files`, and yields after each window.
 *
 * @param start index of the first byte after the opening brace
 * @param add takes each path, or says what is wrong with it
 * @throws {Error} that says why they are not paths and hashes in canonical JSON
 */
export function* readFiles(
  bytes: Uint8Array,
  start: number,
  add: (path: string) => string | undefined,
): Generator<void, Omit<FileList, "paths">> {
  // Room for the most hashes that there can be. The system gives no memory for what is not used.
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
    // The comma.
    at++;
    yield;
  }
}

/** The paths in a window, and each one's `sha256:` and 64 digits. */
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

/** Whether a part of a text is lower-case hexadecimal digits. */
function isHex(text: string, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (!isHexDigit(text.charCodeAt(i))) return false;
  return true;
}

/** A path between the quotes of canonical JSON, where quotes, backslashes and controls are escaped. */
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
 * The whole members at the beginning of a window: how many bytes they take, and whether no more follow.
 * A value ends in a hexadecimal digit and a quote. So does a key, but after that comes a colon; the
 * quote that begins a key comes after a comma.
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
