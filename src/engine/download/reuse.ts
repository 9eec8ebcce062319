/**
 * Takes up bytes that the host has copied from other archives into a download's file. Pieces that lie
 * wholly in them are read and hashed, and count as downloaded if they are right. All others are requested
 * from peers. While a piece waits to be hashed, nobody is asked for it.
 *
 * @module
 */

import { eachLimited } from "../../base/mod.ts";
import {
  endIfComplete,
  isPiece,
  isUntouched,
  markMissing,
  markStored,
  pieceBytes,
  readStored,
  type Torrent,
} from "../libraries/mod.ts";
import { byPiece, orderedRanges, type ReusedRange } from "./reused_ranges.ts";

/**
 * Number of pieces that are hashed at a time: one is read while another is hashed. Each takes as much memory
 * as the piece is long, twice.
 */
const MAX_HASHED = 2;

/** The reused bytes of one download. */
export class Reuse {
  readonly #torrent: Torrent;
  /** Called when pieces that were to be reused have to be requested. */
  readonly #onWrong: () => void;
  /** Pieces that wait to be hashed. */
  readonly #pending = new Set<number>();
  #bytes = 0;
  #pendingBytes = 0;

  constructor(torrent: Torrent, onWrong: () => void) {
    this.#torrent = torrent;
    this.#onWrong = onWrong;
  }

  /** Reused bytes: those of right pieces, and those that are still to be verified. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reused bytes of missing pieces that wait to be hashed. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether a piece may not be requested, because it waits to be hashed. */
  isPending(index: number): boolean {
    return this.#pending.has(index);
  }

  /**
   * Verifies the pieces that ranges of the file hold, and has the torrent take up the right ones. The
   * torrent must be ready. Resolves when all are hashed, or the torrent has ended.
   *
   * @param onBegun called when it is known which pieces wait to be hashed; all others may be requested
   * @throws {EngineError} `REUSE_INVALID` before anything else is done
   */
  async take(ranges: readonly ReusedRange[], onBegun: () => void): Promise<void> {
    const torrent = this.#torrent;
    const ordered = orderedRanges(ranges, torrent.length);
    for (const { index, known } of byPiece(ordered, torrent.pieceLength)) {
      const knownBytes = known.reduce(
        (sum, { startBytes, endBytes }) => sum + endBytes - startBytes,
        0,
      );
      // A piece that the torrent has was written over, so it is hashed again.
      if (torrent.pieces![index] === null) this.#pending.add(index);
      else if (knownBytes === pieceBytes(torrent, index) && isUntouched(torrent, index)) {
        this.#pending.add(index);
        this.#bytes += knownBytes;
        this.#pendingBytes += knownBytes;
      }
    }
    onBegun();
    const spare: Uint8Array<ArrayBuffer>[] = [];
    await eachLimited([...this.#pending], MAX_HASHED, undefined, async (index) => {
      const buffer = spare.pop() ?? new Uint8Array(torrent.pieceLength);
      await this.#verify(index, buffer.subarray(0, pieceBytes(torrent, index)));
      spare.push(buffer);
    });
    endIfComplete(torrent);
  }

  async #verify(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const torrent = this.#torrent;
    if (torrent.destroyed) return;
    const isRight = await readStored(torrent, index * torrent.pieceLength, bytes)
      .then(() => isPiece(torrent, index, bytes), () => false);
    if (torrent.destroyed) return;
    this.#pending.delete(index);
    const had = torrent.pieces![index] === null;
    if (!had) this.#pendingBytes -= bytes.length;
    if (isRight && !had) return markStored(torrent, index);
    if (isRight) return;
    if (had) markMissing(torrent, index);
    else this.#bytes -= bytes.length;
    this.#onWrong();
  }
}
