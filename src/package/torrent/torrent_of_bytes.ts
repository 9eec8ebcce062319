/**
 * The torrent of bytes that are in memory.
 *
 * @module
 */

import { concatBytes } from "../../base/mod.ts";
import { pieceLengthFor, piecesOfBytes } from "./archive_digest.ts";
import { buildTorrent, type Torrent } from "./torrent.ts";

/** A torrent, with what it takes to go on from it. */
export interface TorrentOfBytes extends Torrent {
  /** SHA-1 of each piece, 20 bytes each, one after the other. */
  pieces: Uint8Array;
  lengthBytes: number;
}

/**
 * The torrent of these bytes, as of a file.
 *
 * @param before that of bytes of which `sameBytes` at the start are the same: they are not hashed again
 */
export function torrentOfBytes(
  name: string,
  bytes: Uint8Array,
  before?: { torrent: TorrentOfBytes; sameBytes: number },
): TorrentOfBytes {
  const lengthBytes = bytes.length;
  const pieceBytes = pieceLengthFor(lengthBytes);
  const canKeep = before !== undefined && pieceLengthFor(before.torrent.lengthBytes) === pieceBytes;
  const kept = canKeep ? Math.floor(before.sameBytes / pieceBytes) : 0;
  const rest = bytes.subarray(kept * pieceBytes);
  const keptPieces = before?.torrent.pieces.subarray(0, kept * 20) ?? new Uint8Array();
  const pieces = concatBytes(keptPieces, piecesOfBytes(rest, pieceBytes));
  return { ...buildTorrent({ name, lengthBytes, pieces }), pieces, lengthBytes };
}
