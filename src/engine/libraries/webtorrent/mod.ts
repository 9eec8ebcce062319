/**
 * Changes to npm:webtorrent and npm:torrent-piece: the client, its torrents and its peers.
 *
 * - `client.ts` creates the client, a subclass that wakes sleeping torrents when a peer connects.
 * - `dialling.ts` dials peers within a budget, which `own_dials.ts` applies.
 * - `encryption.ts` chooses how each connection is encrypted.
 * - `contentless_swarm.ts` connects to peers of an infohash that belongs to no torrent.
 * - `peer_pipes.ts` moves bytes between socket and connection.
 * - `handshake.ts` holds back messages until a torrent is awake.
 * - `requests.ts` requests the blocks that a {@linkcode RequestStrategy} chooses.
 * - `web_pieces.ts` lets pieces come from web seeds.
 * - `sub_piece.ts` is a piece of which some bytes are known.
 * - `stored_pieces.ts` takes up pieces that the host has written into the file.
 * - `piece_buffer.ts` collects the blocks of a piece in one buffer.
 * - `piece_check.ts` verifies the pieces of an earlier download.
 * - `chunk_store.ts` stores the content in a file.
 * - `upkeep.ts` replaces members that are slow or throw uncaught exceptions, `piece_upkeep.ts` those that
 *   look through all pieces.
 *
 * The package has no types. `webtorrent_types.ts` has types of the public members that libreseed
 * uses, and each other file has types of the private members that it uses. `engine/download`
 * chooses the blocks to request and decides which peers to ban. Begin with `client.ts`.
 *
 * @module
 */

export { ArchiveStore } from "./chunk_store.ts";
export {
  acceptPeers,
  acceptPeersElsewhere,
  acceptUtpPeers,
  clientReplacements,
  type DhtOptions,
  makeClient,
  type Sleepers,
  wakeOnHandshake,
} from "./client.ts";
export {
  ContentlessSwarm,
  type ContentlessSwarmOptions,
  obfuscatedInfoHash,
  type SwarmWire,
} from "./contentless_swarm.ts";
export {
  addAddressFilter,
  type AddressFilter,
  diallingReplacements,
  forgiveFailures,
  redialFromRendezvous,
  RENDEZVOUS_SOURCE,
} from "./dialling.ts";
export { encryptionReplacements, secureOf } from "./encryption.ts";
export { take } from "./handshake.ts";
export { OwnDials } from "./own_dials.ts";
export { peerReplacements } from "./peer_pipes.ts";
export {
  keepPieceBuffers,
  pieceReplacements,
  pieceUses,
  releasePieceBuffer,
} from "./piece_buffer.ts";
export { pieceCheckReplacements } from "./piece_check.ts";
export { pieceUpkeepReplacements } from "./piece_upkeep.ts";
export {
  atMostReqq,
  BLOCK_BYTES,
  cancelRequests,
  freedRequests,
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
export {
  completeStored,
  endIfComplete,
  isPiece,
  markMissing,
  markStored,
  pieceBytes,
  readStored,
  requestUnknown,
  requestWhole,
  storedPieceUses,
  subPieceOf,
} from "./stored_pieces.ts";
export type { PieceRange, SubPiece } from "./sub_piece.ts";
export {
  forgetHashes,
  knownPeers,
  lookForRequests,
  stopDialling,
  upkeepReplacements,
} from "./upkeep.ts";
export {
  countReceived,
  downloadLimitOf,
  hasIdlePeer,
  isUntouched,
  missingRanges,
  setMetadata,
  type TakenPiece,
  takePiece,
  waitForDownloadLimit,
  webPieceUses,
} from "./web_pieces.ts";
export type { Client, Torrent, Wire } from "./webtorrent_types.ts";
