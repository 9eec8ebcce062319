/**
 * Everything that replaces or stands in for something inside a package of npm, and nothing else.
 *
 * @module
 */

export {} from "./bencode/mod.ts";
export {} from "./extensions/mod.ts";
export {} from "./bittorrent_protocol/mod.ts";
export { Encoded, KrpcEncoder } from "./krpc_encode.ts";
export { examine, glance, type Refusal } from "./krpc_guard.ts";
export {
  guardTable,
  type Krpc,
  type KrpcError,
  type KrpcMessage,
  type KrpcSocket,
  QueryTimeouts,
  Transactions,
} from "./krpc/mod.ts";
export {
  acceptReading,
  ArchiveStore,
  type Client,
  OwnDials,
  take,
  type Torrent,
  wakeOnHandshake,
  type Wire,
} from "./webtorrent/mod.ts";
