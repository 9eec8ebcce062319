/**
 * Ranges of a download's file that were copied from other archives.
 *
 * @module
 */

import { EngineError } from "../errors.ts";

/** Bytes of a download's file that were copied from another archive. */
export interface ReusedRange {
  /** Position of the first byte in the file. */
  startBytes: number;
  /** Position after the last byte. */
  endBytes: number;
}

/** Maximum number of ranges of one download. */
const MAX_RANGES = 65_536;

/**
 * Verifies ranges, and returns them in order, adjacent ones merged.
 *
 * @param lengthBytes length of the file
 * @throws {EngineError} `REUSE_INVALID` if there are too many ranges, or one is empty, lies outside of the
 * file, or overlaps another
 */
export function orderedRanges(ranges: readonly ReusedRange[], lengthBytes: number): ReusedRange[] {
  if (!Array.isArray(ranges) || ranges.length > MAX_RANGES) {
    throw invalidReuse(`there are more than ${MAX_RANGES} ranges`);
  }
  const ordered: ReusedRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.startBytes - b.startBytes)) {
    const { startBytes, endBytes } = range;
    const name = `the range from ${startBytes} to ${endBytes}`;
    if (!Number.isSafeInteger(startBytes) || !Number.isSafeInteger(endBytes)) {
      throw invalidReuse(`${name} is no range of bytes`);
    }
    if (startBytes < 0 || startBytes >= endBytes || endBytes > lengthBytes) {
      throw invalidReuse(`${name} is empty or lies outside of the ${lengthBytes} bytes`);
    }
    const last = ordered.at(-1);
    if (last && startBytes < last.endBytes) throw invalidReuse(`${name} overlaps another`);
    if (last && last.endBytes === startBytes) last.endBytes = endBytes;
    else ordered.push({ startBytes, endBytes });
  }
  return ordered;
}

/**
 * Divides ranges by pieces.
 *
 * @param ranges in order, as {@linkcode orderedRanges} returns them
 * @returns for each piece of which bytes lie in a range, in order: the piece's number and these bytes, as
 * positions inside the piece
 */
export function* byPiece(
  ranges: readonly ReusedRange[],
  pieceLength: number,
): Generator<{ index: number; known: ReusedRange[] }> {
  let current: { index: number; known: ReusedRange[] } | undefined;
  for (let { startBytes, endBytes } of ranges) {
    while (startBytes < endBytes) {
      const index = Math.floor(startBytes / pieceLength);
      const pieceAt = index * pieceLength;
      const end = Math.min(endBytes, pieceAt + pieceLength);
      if (current?.index !== index) {
        if (current) yield current;
        current = { index, known: [] };
      }
      current.known.push({ startBytes: startBytes - pieceAt, endBytes: end - pieceAt });
      startBytes = end;
    }
  }
  if (current) yield current;
}

/** The error of an offer that makes no sense. */
export function invalidReuse(why: string): EngineError {
  return new EngineError("failed", "REUSE_INVALID", `The bytes cannot be reused: ${why}`);
}
