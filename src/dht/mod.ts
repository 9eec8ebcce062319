/**
 * Reading and writing the DHT through a borrowed node. Knows no WebTorrent.
 *
 * @module
 */

export { DhtError } from "./errors.ts";
export type { ItemKey } from "./item_query.ts";
export {
  DhtManager,
  type DhtManagerOptions,
  type DhtManagerStats,
  type PutTerms,
} from "./manager.ts";
export type { Contact, DhtNode, NodeProvider, QueryName, QueryResult, QueryValue } from "./node.ts";
export type {
  AnnounceOutcome,
  GetOutcome,
  PeerAddress,
  PeersOutcome,
  PutOutcome,
} from "./outcome.ts";
export { RateLimiter } from "./rate_limiter.ts";
export {
  type AnnounceReport,
  type HexRecord,
  Reannouncer,
  type ReannouncerOptions,
} from "./reannounce.ts";
