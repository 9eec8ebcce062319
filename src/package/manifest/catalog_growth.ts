/**
 * More lines for a catalog that has many: what was there is neither taken apart nor hashed again, as
 * far as it stays where it was.
 *
 * @module
 */

import { concatBytes, equalBytes, fromUtf8, utf8 } from "../../base/mod.ts";
import { catalogKey } from "./catalog.ts";

/** A catalog with more lines. */
export interface GrownCatalog {
  bytes: Uint8Array;
  /** So many bytes at its start are those of before. */
  sameBytes: number;
  /** How many lines there are more than before. */
  added: number;
}

/** Bytes that are replaced: none of them, where a line is added. */
interface Place {
  start: number;
  end: number;
}

const LINE_FEED = 10;

/**
 * Puts lines into a catalog, each where it belongs, in place of one of the same key.
 *
 * @param bytes a sorted catalog that is known to be sound; empty for a new one
 * @param lines by {@linkcode catalogKey}, as `serializeMinimal` writes them
 * @returns `undefined` if a line was come upon that has no name and version, or no end
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
    if (place.start === place.end) added++;
    parts.push(bytes.subarray(at, place.start), line);
    at = place.end;
  }
  if (parts.length === 0) return { bytes, sameBytes, added };
  return { bytes: concatBytes(...parts, bytes.subarray(at)), sameBytes, added };
}

/** Where the line of a key is or belongs, from the start of some line on: bisects. */
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

function keyOf(line: Uint8Array): string | undefined {
  try {
    const { name, version } = JSON.parse(fromUtf8(line));
    if (typeof name === "string" && typeof version === "string") {
      return catalogKey({ name, version });
    }
  } catch {
    // It is no line of a catalog.
  }
  return undefined;
}
