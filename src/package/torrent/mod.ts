/**
 * The torrent of an archive (BEP 3): piece length, piece hashes, `.torrent` and infohash. The
 * torrent has no tracker and no date, so the same archive always has the same infohash.
 *
 * - `buildTorrent` makes the `.torrent` from name, length and piece hashes. To start, read it and
 *   `pieceLengthFor`, which chooses the piece length.
 * - `torrentOfBytes` makes the torrent of bytes in memory, such as a catalog, and reuses the hashes
 *   of unchanged pieces.
 * - `webSeedsOfTorrent` and `withWebSeeds` read and write the web seeds of a `.torrent`
 *   (`web_seeds.ts`).
 * - `torrentInfoHash` and `piecesOfTorrent` read a `.torrent`. They scan the untrusted bytes
 *   (`info_dictionary.ts`) before decoding them.
 *
 * The pieces of an archive on the disk are hashed in `../archive`, in threads.
 *
 * @module
 */

export { pieceLengthFor, type PieceLengthOptions, SHA1_BYTES, SHA256_BYTES } from "./pieces.ts";
export {
  buildTorrent,
  piecesOfTorrent,
  type Torrent,
  torrentInfoHash,
  type TorrentSource,
} from "./torrent.ts";
export { type TorrentOfBytes, torrentOfBytes } from "./torrent_of_bytes.ts";
export { webSeedsOfTorrent, withWebSeeds } from "./web_seeds.ts";
