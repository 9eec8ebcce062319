/**
 * Details of one torrent, for the dashboard and `status`: its pieces and its connected peers.
 * `client_name.ts` reads the name of a peer's program from what the peer claims.
 *
 * Start with `torrent_details.ts`.
 *
 * @module
 */

export {
  type PeerDetails,
  type TorrentDetails,
  torrentDetailsOf,
  torrentDetailsOfFile,
} from "./torrent_details.ts";
