/**
 * The torrent of an archive (BEP 3): piece length, piece hashes, `.torrent` and infohash. The same
 * archive always has the same infohash, so a torrent has no tracker and no date.
 *
 * - `buildTorrent` makes the `.torrent` from name, length and piece hashes. To start, read it and
 *   `pieceLengthFor`, which decides the piece length.
 * - `torrentOfBytes` does the same for bytes in memory, such as a catalog, and reuses the hashes of the
 *   pieces that have not changed.
 * - `torrentInfoHash` and `piecesOfTorrent` read a `.torrent`. They scan untrusted bytes
 *   (`info_dictionary.ts`) before decoding them.
 *
 * The pieces of an archive on the disk are hashed in `../archive`, in threads.
 *
 * @module
 */

export { pieceLengthFor, SHA1_BYTES, SHA256_BYTES } from "./pieces.ts";
export {
  buildTorrent,
  piecesOfTorrent,
  type Torrent,
  torrentInfoHash,
  type TorrentSource,
} from "./torrent.ts";
export { type TorrentOfBytes, torrentOfBytes } from "./torrent_of_bytes.ts";
