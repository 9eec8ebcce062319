/**
 * Adds lines to a long catalog, or removes some, without parsing the whole catalog again. The bytes before the first
 * changed line stay the same, so their pieces need not be hashed again.
 *
 * @module
 */

import { concatBytes, equalBytes, fromUtf8, utf8 } from "../../base/mod.ts";
import { catalogKey } from "./catalog.ts";

/** A catalog after lines were added, and the differences from the catalog before. */
export interface GrownCatalog {
  bytes: Uint8Array;
  /** Number of leading bytes that the new catalog shares with the old one. */
  sameBytes: number;
  /** Number of packages in the new catalog that the old catalog does not have. */
  added: number;
}

/**
 * A range of bytes in a catalog: the bytes that a new line replaces, or an empty range where the
 * new line is inserted.
 */
interface Place {
  start: number;
  end: number;
}

const LINE_FEED = 10;

/**
 * Inserts lines into a sorted catalog. A new line replaces the existing line with the same key.
 *
 * @param bytes a sorted catalog that is known to be valid; empty for a new one
 * @param lines lines by {@linkcode catalogKey}, as `serializeMinimal` and `flagLines` write them; an
 * empty text removes the line
 * @returns `undefined` if the binary search met a line without name and version, or without a line
 * feed
 */
export function growCatalog(
  bytes: Uint8Array,
  lines: ReadonlyMap<string, string>,
): GrownCatalog | undefined {
  const parts: Uint8Array[] = [];
  let [at, added, sameBytes] = [0, 0, bytes.length];
  for (const [key, text] of [...lines].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)) {
    const place = placeOf(bytes, key, at);
    if (!place) return undefined;
    const line = utf8(text);
    if (equalBytes(bytes.subarray(place.start, place.end), line)) continue;
    sameBytes = Math.min(sameBytes, place.start);
    // A line of flags, whose key has no version, is no package.
    if (place.start === place.end && !key.endsWith("@")) added++;
    parts.push(bytes.subarray(at, place.start), line);
    at = place.end;
  }
  if (parts.length === 0) return { bytes, sameBytes, added };
  return { bytes: concatBytes(...parts, bytes.subarray(at)), sameBytes, added };
}

/**
 * Finds the place of a line in a sorted catalog by binary search.
 *
 * @param from index of the line start at which the search begins
 */
function placeOf(bytes: Uint8Array, key: string, from: number): Place | undefined {
  let [low, high] = [from, bytes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const start = middle === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, middle - 1) + 1;
    const end = bytes.indexOf(LINE_FEED, middle) + 1;
    const found = end > 0 ? keyOf(bytes.subarray(start, end)) : undefined;
    if (found === undefined) return undefined;
    if (found === key) return { start, end };
    if (found < key) low = end;
    else high = start;
  }
  return { start: low, end: low };
}

/**
 * Returns the versions of one package in a sorted catalog that is known to be valid.
 *
 * @returns `undefined` if the binary search met a line without name and version, or without a line
 * feed
 */
export function catalogVersions(bytes: Uint8Array, name: string): string[] | undefined {
  const place = placeOf(bytes, catalogKey({ name, version: "" }), 0);
  if (!place) return undefined;
  const versions: string[] = [];
  for (let at = place.start; at < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, at) + 1;
    const key = end > 0 ? keyOf(bytes.subarray(at, end)) : undefined;
    if (key === undefined) return undefined;
    if (!key.startsWith(`${name}@`)) break;
    const version = key.slice(name.length + 1);
    if (version !== "") versions.push(version);
    at = end;
  }
  return versions;
}

function keyOf(line: Uint8Array): string | undefined {
  try {
    const { name, version } = JSON.parse(fromUtf8(line));
    if (typeof name === "string" && typeof version === "string") {
      return catalogKey({ name, version });
    }
  } catch {
    // The line is not JSON, so no catalog key can be read from the line.
  }
  return undefined;
}
