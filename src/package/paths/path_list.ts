/**
 * A list of many paths in little memory: UTF-8 in pieces of about 64 KiB. A string for each path
 * would take twice the memory and burden garbage collection.
 *
 * @module
 */

import { fromUtf8 } from "../../base/mod.ts";

/** Length in UTF-16 code units at which a piece is complete and encoded. */
const PIECE_LENGTH = 64 * 1024;
/**
 * Maximum number of paths in a piece. Reading one path creates strings for all paths of the same
 * piece.
 */
const PIECE_PATHS = 512;
/** Separator between two paths in a piece. Paths contain no control characters. */
const SEPARATOR = "\n";

const encoder = new TextEncoder();
/** Buffer for encoding a piece as UTF-8. */
let encoded = new Uint8Array();

/** A piece of the list: consecutive paths as UTF-8. */
interface Piece {
  /** Index of the piece's first path in the list. */
  first: number;
  bytes: Uint8Array;
}

/** A list of paths in the order in which they were added, accessible by index. */
export class PathList implements Iterable<string> {
  readonly #pieces: Piece[] = [];
  /**
   * The latest paths, which are not encoded into a piece yet, and the index of the first of them.
   */
  #latest: string[] = [];
  #latestFirst = 0;
  #latestLength = 0;
  /** Cache: the decoded paths of the piece that was read last. */
  #read: { first: number; paths: string[] } = { first: 0, paths: [] };

  /** Number of paths in the list. */
  get length(): number {
    return this.#latestFirst + this.#latest.length;
  }

  /** @param path well-formed Unicode without control characters */
  push(path: string): void {
    this.#latest.push(path);
    this.#latestLength += path.length;
    if (this.#latestLength < PIECE_LENGTH && this.#latest.length < PIECE_PATHS) return;
    this.#pieces.push({ first: this.#latestFirst, bytes: bytesOf(this.#latest.join(SEPARATOR)) });
    this.#latestFirst = this.length;
    this.#latest = [];
    this.#latestLength = 0;
  }

  /**
   * Returns the path with this index, if it exists. Fast if the previous call was for a path of the
   * same piece.
   */
  at(index: number): string | undefined {
    if (index >= this.#latestFirst) return this.#latest[index - this.#latestFirst];
    const { first, paths } = this.#read;
    if (index >= first && index < first + paths.length) return paths[index - first]!;
    // Binary search for the last piece whose first index is not greater than the requested index.
    let [from, to] = [0, this.#pieces.length];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (this.#pieces[middle]!.first <= index) from = middle;
      else to = middle;
    }
    const piece = this.#pieces[from]!;
    this.#read = { first: piece.first, paths: pathsIn(piece) };
    return this.#read.paths[index - piece.first]!;
  }

  *[Symbol.iterator](): Generator<string, void> {
    for (const piece of this.#pieces) yield* pathsIn(piece);
    yield* this.#latest;
  }
}

/**
 * Encodes text as UTF-8. Because the buffer fits the longest possible encoding, the encoder need
 * not measure the text first.
 */
function bytesOf(text: string): Uint8Array {
  const longest = text.length * 3;
  if (encoded.length < longest) encoded = new Uint8Array(longest);
  return encoded.slice(0, encoder.encodeInto(text, encoded).written);
}

function pathsIn({ bytes }: Piece): string[] {
  return fromUtf8(bytes).split(SEPARATOR);
}
