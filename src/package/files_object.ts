/**
 * Reads the `files` of a full manifest, which may be most of 16 MiB of a stranger's, out of its bytes:
 * window by window, so that others have their turn and no second copy of the text is made. The other
 * fields are `full_manifest.ts`'s business.
 *
 * @module
 */

import canonicalize from "canonicalize";
import { fromUtf8, utf8 } from "../base/mod.ts";
import { comparePaths } from "./paths.ts";

/** How much is parsed at a time: some milliseconds' work. */
const WINDOW_BYTES = 64 * 1024;

const [QUOTE, COMMA, BACKSLASH, BRACE] = [0x22, 0x2c, 0x5c, 0x7d];
const NOT_CANONICAL = "it is not in canonical form (RFC 8785 and a line feed)";
/** How the object begins, where it is not empty, in canonical JSON (RFC 8785). */
const BEGIN = utf8('"files":{"');

/**
 * Finds the `files` of a manifest in canonical JSON; `undefined` if it has none. No text in the fields
 * before can hold these bytes: its quotes are escaped.
 *
 * @param maxFieldBytes how much the fields before may take
 * @returns index of the first byte after the opening brace
 */
export function findFiles(bytes: Uint8Array, maxFieldBytes: number): number | undefined {
  const end = Math.min(bytes.length, maxFieldBytes) - BEGIN.length;
  for (let at = 1; at <= end; at++) {
    at = bytes.indexOf(QUOTE, at);
    if (at === -1 || at > end) return undefined;
    if (bytes[at - 1] !== BACKSLASH && BEGIN.every((byte, i) => bytes[at + i] === byte)) {
      return at + BEGIN.length - 1;
    }
  }
}

/**
 * Reads the members of `files` in their order, and yields after each window.
 *
 * @param take is called with each path and its value, in the order of the paths
 * @returns index of the closing brace
 * @throws {Error} that says why they are not strings in canonical JSON
 */
export function* readMembers(
  bytes: Uint8Array,
  start: number,
  take: (path: string, value: string) => void,
): Generator<void, number> {
  let last: string | undefined;
  for (let at = start;;) {
    const { length, isLast } = windowAt(bytes.subarray(at, at + WINDOW_BYTES));
    const text = `{${fromUtf8(bytes.subarray(at, at + length))}}`;
    const members: unknown = JSON.parse(text);
    // The library sorts the keys, which the runtime does not where one is a number.
    if (JSON.stringify(members) !== text && canonicalize(members) !== text) {
      throw new Error(NOT_CANONICAL);
    }
    const entries = Object.entries(members as Record<string, unknown>);
    for (const [path, value] of entries.sort(([a], [b]) => comparePaths(a, b))) {
      if (typeof value !== "string") throw new Error("files: is not an object of hashes");
      if (last !== undefined && last >= path) throw new Error(NOT_CANONICAL);
      last = path;
      take(path, value);
    }
    at += length;
    if (isLast) return at;
    // The comma.
    at++;
    yield;
  }
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
  throw new Error("files: is not an object of hashes");
}

function isHexDigit(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x66);
}
