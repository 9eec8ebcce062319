/**
 * Hands the bytes that a web seed sends in order to the piece that they belong to.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { BLOCK_BYTES, type TakenPiece } from "../libraries/mod.ts";

/** The error of a web seed that has sent other bytes than the archive's. It is not asked again. */
export class Untrue extends Error {}

/** A piece whose bytes arrive from a web seed in order. */
export class Filling {
  readonly index: number;
  readonly #piece: TakenPiece;
  /** Position of the piece in the archive. */
  readonly #pieceAt: number;
  readonly #hash = createHash("sha1");
  readonly #bytes = new Uint8Array(BLOCK_BYTES);
  /** Number of ranges that were handed to the torrent, and of bytes of the next one. */
  #ranges = 0;
  #filled = 0;
  #receivedBytes = 0;

  constructor(piece: TakenPiece, index: number, pieceAt: number) {
    this.#piece = piece;
    this.index = index;
    this.#pieceAt = pieceAt;
  }

  /** Whether all ranges were handed to the torrent. */
  get isFull(): boolean {
    return this.#ranges === this.#piece.ranges.length;
  }

  /** Bytes that were handed to the torrent. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Bytes that are still to come. */
  get missingBytes(): number {
    return this.#piece.ranges.slice(this.#ranges)
      .reduce((sum, { startBytes, endBytes }) => sum + endBytes - startBytes, -this.#filled);
  }

  /** Position in the archive of the next byte that the piece needs. */
  get position(): number {
    return this.#pieceAt + this.#piece.ranges[this.#ranges]!.startBytes + this.#filled;
  }

  /**
   * Takes bytes up to the end of the current range, or drops those before the range. Returns the number of
   * bytes that were taken or dropped.
   *
   * @param at position of the bytes in the archive, at most {@linkcode position}
   * @throws {Untrue} if the whole piece has come from the web seed and is wrong. Its last block is not handed
   * in then, since the torrent would suspect its peers
   */
  take(bytes: Uint8Array, at: number): number {
    if (at < this.position) return Math.min(bytes.length, this.position - at);
    const { startBytes, endBytes } = this.#piece.ranges[this.#ranges]!;
    const rangeBytes = endBytes - startBytes;
    const taken = bytes.subarray(0, rangeBytes - this.#filled);
    this.#bytes.set(taken, this.#filled);
    this.#hash.update(taken);
    this.#filled += taken.length;
    if (this.#filled < rangeBytes) return taken.length;
    this.#ranges++;
    const { sha1Hex } = this.#piece;
    if (this.isFull && sha1Hex !== undefined && this.#hash.digest("hex") !== sha1Hex) {
      throw new Untrue(`It sent other bytes than the archive's (piece ${this.index})`);
    }
    this.#piece.deliver(this.#bytes.subarray(0, rangeBytes));
    this.#receivedBytes += rangeBytes;
    this.#filled = 0;
    return taken.length;
  }

  discard(): void {
    this.#piece.discard();
  }
}
