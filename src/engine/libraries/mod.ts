/**
 * All that changes, or stands in for something inside, a package of npm. {@linkcode applyReplacements} is
 * called when an engine starts: it replaces the members of the list in `list.ts`, after checking
 * that the packages are as we know them. What can be done by an option, an event, a subclass or an
 * extension is done so, and is not in the list.
 *
 * This is the only place in `src` that names a private member of a package (`_name`). Other rooms use
 * functions with plain names: `requestBlocks`, `addAddressFilter`, `acceptPeers` and so on.
 *
 * There is a folder a package: `bencode`, `krpc` (k-rpc and k-rpc-socket), `bittorrent_protocol`,
 * `extensions` (ut_metadata and ut_pex), `webtorrent` (with torrent-piece). `replacing` has the function
 * `replace`; `shims` has stand-ins for packages of which nothing is used. `docs/libraries.md` tells, of
 * each member, why it is replaced and what would let the replacement go. Begin with `list.ts`.
 *
 * @module
 */

export { guardExtensions } from "./extensions/mod.ts";
export {
  classifyByPrefix,
  guardTable,
  type Krpc,
  type KrpcContact,
  type KrpcError,
  type KrpcMessage,
  KrpcNode,
  type KrpcNodeOptions,
  type KrpcSocket,
  QuerySocket,
  type Refusal,
  validatePacket,
} from "./krpc/mod.ts";
export { applyReplacements, changedMembers, replacements, used } from "./list.ts";
export type { Replacement } from "./replacing/mod.ts";
export {
  acceptPeers,
  addAddressFilter,
  type AddressFilter,
  ArchiveStore,
  atMostReqq,
  BLOCK_BYTES,
  cancelRequests,
  type Client,
  hasFreeBlock,
  keepPieceBuffers,
  knownPeers,
  lookForRequests,
  makeClient,
  OwnDials,
  PEX_SOURCE,
  releasePieceBuffer,
  requestBlocks,
  requestedPeers,
  type RequestingWire,
  type RequestPolicy,
  type RequestStrategy,
  restartPiece,
  setRequestPolicy,
  setRequestStrategy,
  stopDialling,
  take,
  type Torrent,
  wakeOnHandshake,
  type Wire,
} from "./webtorrent/mod.ts";
