/**
 * The pieces that a download wants: all, those of the archive's beginning, or those that hold given ranges
 * of bytes.
 *
 * @module
 */

/** A range of bytes in an archive. */
export interface ByteRange {
  /** Position of the first byte. */
  start: number;
  /** Position after the last byte. */
  end: number;
}

/** The wanted pieces of one download. */
export class WantedPieces {
  /** Number of bytes at the archive's beginning that are wanted; infinite for the whole archive. */
  #bytes: number;
  /** Ranges that are wanted besides the beginning. */
  readonly #ranges = new Set<ByteRange>();
  /** The ranges as runs of pieces, made when a piece is looked up. */
  #runs: PieceRuns | undefined;

  /** @param bytes number of bytes at the archive's beginning that are wanted, if not the whole */
  constructor(bytes = Infinity) {
    this.#bytes = bytes;
  }

  /** Whether only a part of the archive is wanted. */
  get isPart(): boolean {
    return this.#bytes !== Infinity;
  }

  /** Whether a piece holds any of the wanted bytes. */
  has(index: number, pieceLength: number): boolean {
    if (index * pieceLength < this.#bytes) return true;
    if (this.#ranges.size === 0) return false;
    if (this.#runs?.pieceLength !== pieceLength) this.#runs = undefined;
    return (this.#runs ??= new PieceRuns(this.#ranges, pieceLength)).has(index);
  }

  /** Wants more bytes at the archive's beginning. Returns `false` if they are fewer than before. */
  widen(bytes: number): boolean {
    if (bytes <= this.#bytes) return false;
    this.#bytes = bytes;
    return true;
  }

  /** Wants ranges of bytes besides the beginning. Returns a function that takes the wish back. */
  add(ranges: readonly ByteRange[]): () => void {
    const own = ranges.map((range) => ({ ...range }));
    for (const range of own) this.#ranges.add(range);
    this.#runs = undefined;
    return () => {
      for (const range of own) this.#ranges.delete(range);
      this.#runs = undefined;
    };
  }
}

/** Runs of pieces in order, none of which touches the next one. */
class PieceRuns {
  readonly pieceLength: number;
  /** Numbers of the first pieces of the runs, and of the pieces after the last ones. */
  readonly #firsts: number[] = [];
  readonly #ends: number[] = [];

  constructor(ranges: Iterable<ByteRange>, pieceLength: number) {
    this.pieceLength = pieceLength;
    const sorted = [...ranges].filter(({ start, end }) => start < end)
      .sort((a, b) => a.start - b.start);
    for (const { start, end } of sorted) {
      const first = Math.floor(start / pieceLength);
      const after = Math.ceil(end / pieceLength);
      const last = this.#ends.length - 1;
      if (last >= 0 && first <= this.#ends[last]!) {
        this.#ends[last] = Math.max(this.#ends[last]!, after);
      } else {
        this.#firsts.push(first);
        this.#ends.push(after);
      }
    }
  }

  /** Whether a run holds a piece. */
  has(index: number): boolean {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#firsts[middle]! <= index) low = middle + 1;
      else high = middle;
    }
    return low > 0 && index < this.#ends[low - 1]!;
  }
}
