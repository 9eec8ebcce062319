/**
 * Makes the torrent of bytes in memory.
 *
 * @module
 */

import { concatBytes } from "../../base/mod.ts";
import { pieceLengthFor, piecesOfBytes } from "./pieces.ts";
import { buildTorrent, type Torrent } from "./torrent.ts";

/**
 * A torrent with its piece hashes. The hashes can be reused when bytes are appended to the file.
 */
export interface TorrentOfBytes extends Torrent {
  /** SHA-1 of each piece, 20 bytes each, concatenated. */
  pieces: Uint8Array;
  lengthBytes: number;
}

/**
 * Makes the torrent of a file with these bytes, which is no archive.
 *
 * @param before an earlier torrent whose first `sameBytes` bytes are the same. The hashes of the
 *   complete pieces in these bytes are reused
 */
export function torrentOfBytes(
  name: string,
  bytes: Uint8Array,
  before?: { torrent: TorrentOfBytes; sameBytes: number },
): TorrentOfBytes {
  const lengthBytes = bytes.length;
  const kind = { name, hasMemberList: false };
  const pieceBytes = pieceLengthFor(lengthBytes, kind);
  const canKeep = before !== undefined &&
    pieceLengthFor(before.torrent.lengthBytes, kind) === pieceBytes;
  const kept = canKeep ? Math.floor(before.sameBytes / pieceBytes) : 0;
  const rest = bytes.subarray(kept * pieceBytes);
  const keptPieces = before?.torrent.pieces.subarray(0, kept * 20) ?? new Uint8Array();
  const pieces = concatBytes(keptPieces, piecesOfBytes(rest, pieceBytes));
  return { ...buildTorrent({ name, lengthBytes, pieceBytes, pieces }), pieces, lengthBytes };
}
