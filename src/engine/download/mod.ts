/**
 * Helpers of one download. Each watches one torrent from before it has peers, and replaces a weak
 * part of WebTorrent:
 *
 * - {@linkcode PiecePicker} chooses the blocks to request: rarest first among leechers, nearly in
 *   order while all peers are seeders (`piece_order.ts`), among the wanted ones (`wanted_pieces.ts`).
 * - {@linkcode requestEarlyBlocks} requests the first blocks before the metadata are known.
 * - {@linkcode SmartBan} disconnects peers that send wrong pieces or unrequested blocks, and
 *   requests stalled blocks from other peers.
 * - {@linkcode DuplicateConnections} closes one of two connections to the same peer.
 * - {@linkcode Reuse} takes up bytes that the host has copied from other archives.
 * - {@linkcode WebSeeds} downloads pieces from web servers where peers send none or send slowly.
 * - {@linkcode RendezvousDials} dials peers of the publisher's rendezvous, which may lack the archive;
 *   {@linkcode PublisherPeers} remembers what they did.
 * - {@linkcode PeerReach} counts the peers by the stage that they reached, for messages to the
 *   user.
 *
 * `../download.ts` creates the helpers. Limits on dialling are in `../dial`.
 *
 * Start with `piece_picker.ts`.
 *
 * @module
 */

export { DuplicateConnections } from "./duplicate_connections.ts";
export { requestEarlyBlocks } from "./early_blocks.ts";
export { type PeerCounts, PeerReach } from "./peer_reach.ts";
export { PiecePicker } from "./piece_picker.ts";
export type { ByteRange } from "./wanted_pieces.ts";
export { PublisherPeers } from "./publisher_peers.ts";
export { RendezvousDials } from "./rendezvous_dials.ts";
export { Reuse } from "./reuse.ts";
export { invalidReuse, type ReusedRange } from "./reused_ranges.ts";
export { type BusyWebSeed, WebSeeds, type WebSeedStatus } from "./web_seeds.ts";
export type { FetchRange } from "./web_transfer.ts";
export { SmartBan } from "./smart_ban.ts";
