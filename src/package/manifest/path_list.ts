/**
 * Many paths in little memory: as text in UTF-8, some 64 KiB at most in one piece. A string of its own for each
 * path of a large package would take as much again, and the garbage collector's time.
 *
 * @module
 */

import { fromUtf8 } from "../../base/mod.ts";

/** Code units of paths that are put together into one piece. */
const PIECE_LENGTH = 64 * 1024;
/** Paths in one piece: while a piece is read, each is a string that outlives the youngest garbage. */
const PIECE_PATHS = 512;
/** Between two paths. No path has a control character in it. */
const SEPARATOR = "\n";

const encoder = new TextEncoder();
/** Memory for the text of a piece. */
let encoded = new Uint8Array();

/** Paths that follow each other. */
interface Piece {
  /** Index of its first path. */
  first: number;
  bytes: Uint8Array;
}

/** Paths by their index. */
export class PathList implements Iterable<string> {
  readonly #pieces: Piece[] = [];
  /** Not yet put together, and the index of the first of them. */
  #latest: string[] = [];
  #latestFirst = 0;
  #latestLength = 0;
  /** The piece that was read last, as paths. */
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

  /** The path with this index, if there is one. Quick if one near it was asked for before. */
  at(index: number): string | undefined {
    if (index >= this.#latestFirst) return this.#latest[index - this.#latestFirst];
    const { first, paths } = this.#read;
    if (index >= first && index < first + paths.length) return paths[index - first]!;
    // The last piece that begins no later.
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

/** UTF-8. The encoder measures a text before it encodes it, unless it has memory for the longest. */
function bytesOf(text: string): Uint8Array {
  const longest = text.length * 3;
  if (encoded.length < longest) encoded = new Uint8Array(longest);
  return encoded.slice(0, encoder.encodeInto(text, encoded).written);
}

function pathsIn({ bytes }: Piece): string[] {
  return fromUtf8(bytes).split(SEPARATOR);
}
