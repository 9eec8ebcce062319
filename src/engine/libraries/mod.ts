/**
 * All code that changes an npm package, or replaces something inside one. The engine calls
 * {@linkcode applyReplacements} when it starts. The function checks that the packages are the known
 * ones, then replaces the members that `list.ts` lists. A change that is possible by an option, an
 * event, a subclass or an extension of the package needs no replacement, and is not in the list.
 *
 * This is the only place in `src` that names private members of a package (`_name`). Other rooms
 * call functions with plain names, such as `requestBlocks`, `addAddressFilter` and `acceptPeers`.
 *
 * Each package has a folder: `bencode`, `krpc` (npm:k-rpc and npm:k-rpc-socket),
 * `bittorrent_protocol`, `extensions` (npm:ut_metadata and npm:ut_pex), `webtorrent` (with
 * npm:torrent-piece). `replacing` has the function `replace`. `shims` has empty substitutes for
 * unused packages. `docs/libraries.md` says for each member why it is replaced, and which change of
 * the package would make the replacement unnecessary. Begin with `list.ts`.
 *
 * @module
 */

export {
  type Extension,
  type ExtensionClass,
  guardExtensions,
  shareMetadata,
} from "./extensions/mod.ts";
export {
  changeNodeId,
  classifyByPrefix,
  guardTable,
  type KindTraffic,
  type Krpc,
  type KrpcContact,
  type KrpcError,
  type KrpcMessage,
  KrpcNode,
  type KrpcNodeOptions,
  type KrpcSocket,
  PacketCounts,
  type PacketKind,
  type QueryKind,
  QuerySocket,
  type Refusal,
  validatePacket,
} from "./krpc/mod.ts";
export { isEncrypted, requestEarly } from "./bittorrent_protocol/mod.ts";
export { applyReplacements, changedMembers, replacements, used } from "./list.ts";
export type { Replacement } from "./replacing/mod.ts";
export {
  acceptPeers,
  acceptPeersElsewhere,
  acceptUtpPeers,
  addAddressFilter,
  type AddressFilter,
  ArchiveStore,
  atMostReqq,
  BLOCK_BYTES,
  cancelRequests,
  type Client,
  completeStored,
  ContentlessSwarm,
  type ContentlessSwarmOptions,
  countReceived,
  downloadLimitOf,
  endIfComplete,
  forgetHashes,
  forgiveFailures,
  freedRequests,
  hasFreeBlock,
  hasIdlePeer,
  isPiece,
  isUntouched,
  keepPieceBuffers,
  knownPeers,
  lookForRequests,
  makeClient,
  markMissing,
  markStored,
  missingRanges,
  obfuscatedInfoHash,
  OwnDials,
  pieceBytes,
  type PieceRange,
  readStored,
  redialFromRendezvous,
  releasePieceBuffer,
  RENDEZVOUS_SOURCE,
  requestBlocks,
  requestedPeers,
  type RequestingWire,
  type RequestPolicy,
  type RequestStrategy,
  requestUnknown,
  requestWhole,
  restartPiece,
  secureOf,
  setMetadata,
  setRequestPolicy,
  setRequestStrategy,
  stopDialling,
  type SubPiece,
  subPieceOf,
  type SwarmWire,
  take,
  type TakenPiece,
  takePiece,
  type Torrent,
  waitForDownloadLimit,
  wakeOnHandshake,
  type Wire,
} from "./webtorrent/mod.ts";
