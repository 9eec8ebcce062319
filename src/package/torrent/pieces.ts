/**
 * The pieces of an archive's torrent (BEP 3): the piece length, and the SHA-1 of each piece.
 *
 * @module
 */

import { createHash } from "node:crypto";

const MIN_PIECE_BYTES = 256 * 1024;
const MAX_PIECE_BYTES = 16 * 1024 * 1024;
const MAX_PIECES = 2000;
/** Length of a piece's SHA-1 in bytes. */
export const SHA1_BYTES = 20;
/** Length of an archive's SHA-256 in bytes. */
export const SHA256_BYTES = 32;

/** Length of a piece of a catalog's index. Readers fetch single pieces of it. */
const INDEX_PIECE_BYTES = 16 * 1024;
const INDEX_NAME = /^index-[0-9a-f]{16}\.bin$/;

/**
 * Returns the piece length for a file in bytes: the smallest power of two that gives at most
 * 2,000 pieces, but at least 256 KiB and at most 16 MiB; 16 KiB for the index of a catalog. Infohashes
 * depend on this rule, so it must never change.
 *
 * @param lengthBytes length of the file
 * @param name name of the file in its torrent; an archive if absent
 */
export function pieceLengthFor(lengthBytes: number, name?: string): number {
  if (name !== undefined && INDEX_NAME.test(name)) return INDEX_PIECE_BYTES;
  let pieceBytes = MIN_PIECE_BYTES;
  while (pieceBytes < MAX_PIECE_BYTES && pieceBytes * MAX_PIECES < lengthBytes) pieceBytes *= 2;
  return pieceBytes;
}

/** Computes the SHA-1 of each piece of the given bytes: 20 bytes each, concatenated. */
export function piecesOfBytes(bytes: Uint8Array, pieceBytes: number): Uint8Array {
  const pieces = new Uint8Array(Math.ceil(bytes.length / pieceBytes) * SHA1_BYTES);
  for (let at = 0, piece = 0; at < bytes.length; at += pieceBytes, piece++) {
    const hash = createHash("sha1").update(bytes.subarray(at, at + pieceBytes)).digest();
    pieces.set(hash, piece * SHA1_BYTES);
  }
  return pieces;
}
