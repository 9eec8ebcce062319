/**
 * The torrent of an archive: info dictionary, piece hashes, infohash.
 *
 * @module
 */

export { pieceLengthFor, SHA1_BYTES, SHA256_BYTES } from "./archive_digest.ts";
export {
  buildTorrent,
  piecesOfTorrent,
  type Torrent,
  torrentInfoHash,
  type TorrentSource,
} from "./torrent.ts";
export { type TorrentOfBytes, torrentOfBytes } from "./torrent_of_bytes.ts";
