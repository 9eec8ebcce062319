/**
 * npm:webtorrent and npm:torrent-piece: the client, its torrents and peers.
 *
 * - `client.ts` makes the client, a subclass that wakes sleeping torrents when a peer connects.
 * - `dialling.ts` dials peers within a budget; `peer_pipes.ts` moves bytes between socket and connection;
 *   `handshake.ts` holds back messages until a torrent is awake.
 * - `requests.ts` asks peers for the blocks that a {@linkcode RequestStrategy} chooses;
 *   `piece_buffer.ts` collects them in one buffer a piece; `chunk_store.ts` is the file.
 * - `upkeep.ts` has the members that are replaced for what they cost, or throw.
 *
 * The package has no types: `webtorrent_types.ts` has those of its public members that we use, and each
 * file those of the private ones. Which blocks are chosen and which peers are trusted is for
 * `engine/download`. Begin with `client.ts`.
 *
 * @module
 */

export { ArchiveStore } from "./chunk_store.ts";
export {
  acceptPeers,
  clientReplacements,
  type DhtOptions,
  makeClient,
  type Sleepers,
  wakeOnHandshake,
} from "./client.ts";
export {
  addAddressFilter,
  type AddressFilter,
  diallingReplacements,
  OwnDials,
  PEX_SOURCE,
} from "./dialling.ts";
export { take } from "./handshake.ts";
export { peerReplacements } from "./peer_pipes.ts";
export {
  keepPieceBuffers,
  pieceReplacements,
  pieceUses,
  releasePieceBuffer,
} from "./piece_buffer.ts";
export {
  atMostReqq,
  BLOCK_BYTES,
  cancelRequests,
  hasFreeBlock,
  requestBlocks,
  requestedPeers,
  type RequestingWire,
  type RequestPolicy,
  requestReplacements,
  type RequestStrategy,
  requestUses,
  restartPiece,
  setRequestPolicy,
  setRequestStrategy,
} from "./requests.ts";
export { knownPeers, lookForRequests, stopDialling, upkeepReplacements } from "./upkeep.ts";
export type { Client, Torrent, Wire } from "./webtorrent_types.ts";
