/**
 * The hashes by which an archive is known: SHA-256 of the whole and SHA-1 of each piece of its torrent.
 *
 * @module
 */

import { createHash } from "node:crypto";

const MIN_PIECE_BYTES = 256 * 1024;
const MAX_PIECE_BYTES = 16 * 1024 * 1024;
const AIM_PIECES = 2000;
/** Length of a piece's hash. */
export const SHA1_BYTES = 20;
/** Length of the whole's hash. */
export const SHA256_BYTES = 32;

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

/** SHA-1 of each piece of bytes that are in memory, 20 bytes each, one after the other. */
export function piecesOfBytes(bytes: Uint8Array, pieceBytes: number): Uint8Array {
  const pieces = new Uint8Array(Math.ceil(bytes.length / pieceBytes) * SHA1_BYTES);
  for (let at = 0, piece = 0; at < bytes.length; at += pieceBytes, piece++) {
    const hash = createHash("sha1").update(bytes.subarray(at, at + pieceBytes)).digest();
    pieces.set(hash, piece * SHA1_BYTES);
  }
  return pieces;
}
