/**
 * The pieces of an archive's torrent (BEP 3): the piece length, and the SHA-1 of each piece.
 *
 * @module
 */

import { createHash } from "node:crypto";

const MAX_PIECE_BYTES = 16 * 1024 * 1024;
/** The bounds of files without a list of members: catalogs, and archives of earlier versions. */
const PLAIN = { leastBytes: 256 * 1024, maxPieces: 2000 };
/**
 * The bounds of archives with a list of members. A reader that has an earlier version fetches the pieces
 * that changed, so pieces are short.
 */
const LISTED = { leastBytes: 16 * 1024, maxPieces: 4096 };
/** Length of a piece's SHA-1 in bytes. */
export const SHA1_BYTES = 20;
/** Length of an archive's SHA-256 in bytes. */
export const SHA256_BYTES = 32;

/** Length of a piece of a catalog's index. Readers fetch single pieces of it. */
const INDEX_PIECE_BYTES = 16 * 1024;
const INDEX_NAME = /^index-[0-9a-f]{16}\.bin$/;

/** Properties of a file, besides its length, that determine the length of its pieces. */
export interface PieceLengthOptions {
  /** Name of the file in its torrent. Default: that of an archive. */
  name?: string;
  /** Whether the file is an archive that begins with a list of its members. */
  hasMemberList: boolean;
}

/**
 * Returns the piece length for a file in bytes. For an archive with a list of members: the smallest power
 * of two that gives at most 4,096 pieces, but at least 16 KiB and at most 16 MiB. For every other file:
 * the smallest that gives at most 2,000 pieces, but at least 256 KiB and at most 16 MiB; for the index of
 * a catalog, 16 KiB. Infohashes depend on this rule, so it must never change.
 *
 * @param lengthBytes length of the file
 */
export function pieceLengthFor(
  lengthBytes: number,
  { name, hasMemberList }: PieceLengthOptions,
): number {
  if (name !== undefined && INDEX_NAME.test(name)) return INDEX_PIECE_BYTES;
  const { leastBytes, maxPieces } = hasMemberList ? LISTED : PLAIN;
  let pieceBytes = leastBytes;
  while (pieceBytes < MAX_PIECE_BYTES && pieceBytes * maxPieces < lengthBytes) pieceBytes *= 2;
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
