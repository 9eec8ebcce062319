/**
 * The hashes by which an archive is known: SHA-256 of the whole and SHA-1 of each piece of its torrent.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";

const MIN_PIECE_BYTES = 256 * 1024;
const MAX_PIECE_BYTES = 16 * 1024 * 1024;
const AIM_PIECES = 2000;
const SHA1_BYTES = 20;

/**
 * The piece length for an archive: the smallest power of two that gives at most 2,000 pieces, but not
 * less than 256 KiB nor more than 16 MiB. The infohash depends on this rule, so it does not change.
 *
 * @param lengthBytes length of the archive
 */
export function pieceLengthFor(lengthBytes: number): number {
  let pieceBytes = MIN_PIECE_BYTES;
  while (pieceBytes < MAX_PIECE_BYTES && pieceBytes * AIM_PIECES < lengthBytes) pieceBytes *= 2;
  return pieceBytes;
}

/** What an archive's digests come to. */
export interface ArchiveHashes {
  /** SHA-256 of the archive, 32 bytes. */
  sha256: Uint8Array;
  /** SHA-1 of each piece, 20 bytes each, one after the other. */
  pieces: Uint8Array;
}

/** Something that is computed in one pass over the bytes of an archive. */
export interface Digest {
  /** Takes the next bytes. They are not kept. */
  update(bytes: Uint8Array): void;
  /** What it comes to, once all bytes have come. */
  finish(): Uint8Array;
}

/** SHA-256 of the whole. */
export class WholeDigest implements Digest {
  readonly #sha256: Hash = createHash("sha256");

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
  }

  finish(): Uint8Array {
    return new Uint8Array(this.#sha256.digest());
  }
}

/** SHA-1 of each piece, one after the other. */
export class PieceDigest implements Digest {
  readonly #pieceLengthBytes: number;
  readonly #pieces: Uint8Array;
  #piece: Hash = createHash("sha1");
  #pieceIndex = 0;
  #inPiece = 0;

  /** @param lengthBytes how many bytes will come */
  constructor(lengthBytes: number, pieceLengthBytes = pieceLengthFor(lengthBytes)) {
    this.#pieceLengthBytes = pieceLengthBytes;
    this.#pieces = new Uint8Array(Math.ceil(lengthBytes / this.#pieceLengthBytes) * SHA1_BYTES);
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#pieceLengthBytes - this.#inPiece);
      this.#piece.update(part);
      at += part.length;
      this.#inPiece += part.length;
      if (this.#inPiece === this.#pieceLengthBytes) this.#endPiece();
    }
  }

  finish(): Uint8Array {
    if (this.#inPiece > 0) this.#endPiece();
    return this.#pieces;
  }

  #endPiece(): void {
    this.#pieces.set(this.#piece.digest(), this.#pieceIndex++ * SHA1_BYTES);
    this.#piece = createHash("sha1");
    this.#inPiece = 0;
  }
}

/** Both, on the thread that asks for them. */
export class ArchiveDigest {
  readonly #whole = new WholeDigest();
  readonly #pieces: PieceDigest;

  /** @param lengthBytes how many bytes will come */
  constructor(lengthBytes: number) {
    this.#pieces = new PieceDigest(lengthBytes);
  }

  /** Takes the next bytes. They are not kept. */
  update(bytes: Uint8Array): void {
    this.#whole.update(bytes);
    this.#pieces.update(bytes);
  }

  /** The hashes, once all bytes have come. */
  finish(): ArchiveHashes {
    return { sha256: this.#whole.finish(), pieces: this.#pieces.finish() };
  }
}
