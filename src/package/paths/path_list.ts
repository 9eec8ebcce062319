/**
 * A list of many paths in little memory: UTF-8 in pieces of about 64 KiB. One string for each path
 * would take twice the memory, and the garbage collector's time.
 *
 * @module
 */

import { fromUtf8 } from "../../base/mod.ts";

/** Length of a piece in UTF-16 code units at which it is encoded. */
const PIECE_LENGTH = 64 * 1024;
/**
 * Maximum number of paths in one piece: reading a piece makes a string for each, all alive at once.
 */
const PIECE_PATHS = 512;
/** Separator between two paths. Paths have no control characters. */
const SEPARATOR = "\n";

const encoder = new TextEncoder();
/** Buffer for encoding a piece. */
let encoded = new Uint8Array();

/** Some consecutive paths. */
interface Piece {
  /** Index of the piece's first path in the list. */
  first: number;
  bytes: Uint8Array;
}

/** Paths in the order in which they were added, by index. */
export class PathList implements Iterable<string> {
  readonly #pieces: Piece[] = [];
  /** The paths that are not in a piece yet, and the index of the first of them. */
  #latest: string[] = [];
  #latestFirst = 0;
  #latestLength = 0;
  /** Cache: the paths of the piece that was read last. */
  #read: { first: number; paths: string[] } = { first: 0, paths: [] };

  /** Number of paths. */
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

  /** The path with this index, if there is one. Fast after a call for a path of the same piece. */
  at(index: number): string | undefined {
    if (index >= this.#latestFirst) return this.#latest[index - this.#latestFirst];
    const { first, paths } = this.#read;
    if (index >= first && index < first + paths.length) return paths[index - first]!;
    // Bisect for the last piece whose first index is not greater.
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
 * Encodes text as UTF-8. With a buffer for the longest encoding, the encoder skips measuring the
 * text.
 */
function bytesOf(text: string): Uint8Array {
  const longest = text.length * 3;
  if (encoded.length < longest) encoded = new Uint8Array(longest);
  return encoded.slice(0, encoder.encodeInto(text, encoded).written);
}

function pathsIn({ bytes }: Piece): string[] {
  return fromUtf8(bytes).split(SEPARATOR);
}
