/**
 * Chooses which pieces a web seed is asked for.
 *
 * @module
 */

/** Consecutive pieces that a web seed is asked for by one request. */
export interface Run {
  /** Number of the piece that comes next. */
  next: number;
  /** Number of the piece after the last one. */
  end: number;
  /** Whether the file is sent from its beginning. Pieces that are not free are dropped. */
  isWhole?: boolean;
  /** Whether pieces that peers send, too slowly, may be taken from them. */
  isEndgame?: boolean;
}

/** Length of the shortest stretch that is not fetched, in bytes. */
const MIN_SKIPPED_BYTES = 16 * 1024;

/**
 * Minimum number of pieces of another web seed's run that is divided. A slow one thus keeps no more than
 * one piece besides the one that it is sending. It keeps that one, since two web seeds that have not sent
 * anything yet could otherwise take a last piece from each other again and again.
 */
const MIN_DIVIDED = 2;

/**
 * Returns the longest run of free pieces; of equally long ones, the first. Pieces of other web seeds'
 * runs are left to them. If nothing else is free, the second half of the longest of these runs is
 * taken away from it.
 *
 * @param count number of pieces of the torrent
 * @param isFree whether a web seed may be asked for a piece
 * @param others the runs of the other web seeds, which this function may shorten
 */
export function nextRun(
  count: number,
  isFree: (index: number) => boolean,
  others: readonly Run[],
): Run | undefined {
  let longest: Run | undefined;
  let begin: number | undefined;
  for (let index = 0; index <= count; index++) {
    const isOpen = index < count && isFree(index) &&
      !others.some(({ next, end }) => next <= index && index < end);
    if (isOpen) begin ??= index;
    else if (begin !== undefined) {
      const found = { next: begin, end: index };
      if (!longest || lengthOf(found) > lengthOf(longest)) longest = found;
      begin = undefined;
    }
  }
  return longest ?? secondHalf(others);
}

/** Bytes to fetch by one request. */
export interface Segment {
  /** Position of the first byte in the archive. */
  startBytes: number;
  /** Position after the last byte. */
  endBytes: number;
}

/**
 * Returns the bytes of a run to fetch, in order. Between two segments lie at least {@linkcode MIN_SKIPPED_BYTES}
 * that the file holds: fewer are fetched again, because a request costs as much.
 *
 * @param missing ranges of a piece that the file does not hold, in order, as positions in the piece
 */
export function segmentsOf(
  { next, end, isWhole }: Run,
  pieceLength: number,
  missing: (index: number) => readonly Segment[],
): Segment[] {
  const segments: Segment[] = isWhole ? [{ startBytes: 0, endBytes: 0 }] : [];
  for (let index = next; index < end; index++) {
    for (const range of missing(index)) {
      const startBytes = index * pieceLength + range.startBytes;
      const endBytes = index * pieceLength + range.endBytes;
      const last = segments.at(-1);
      if (last && (isWhole || startBytes - last.endBytes < MIN_SKIPPED_BYTES)) {
        last.endBytes = endBytes;
      } else segments.push({ startBytes, endBytes });
    }
  }
  return segments;
}

function secondHalf(others: readonly Run[]): Run | undefined {
  const [longest] = [...others].sort((a, b) => lengthOf(b) - lengthOf(a));
  if (!longest || lengthOf(longest) < MIN_DIVIDED) return undefined;
  const half = { next: longest.next + Math.ceil(lengthOf(longest) / 2), end: longest.end };
  longest.end = half.next;
  return half;
}

function lengthOf({ next, end }: Run): number {
  return end - next;
}
