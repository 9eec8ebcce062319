/**
 * Reading and writing the DHT through a borrowed node. Knows no WebTorrent.
 *
 * @module
 */

export {
  type Contact,
  DhtError,
  type DhtNode,
  type NodeProvider,
  type QueryName,
  type QueryResult,
  type QueryValue,
  RateLimiter,
} from "./node/mod.ts";
export {
  type AnnounceOutcome,
  DhtManager,
  type DhtManagerOptions,
  type DhtManagerStats,
  type GetOutcome,
  type ItemKey,
  type PeerAddress,
  type PeersOutcome,
  type PutOutcome,
  type PutTerms,
} from "./records/mod.ts";

export {
  type AnnounceReport,
  type HexRecord,
  Reannouncer,
  type ReannouncerOptions,
} from "./announce/mod.ts";
