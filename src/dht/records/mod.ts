/**
 * Operations on records and peers: put, get, announce, find, over borrowed nodes.
 *
 * @module
 */

export type { ItemKey } from "./item_query.ts";
export {
  DhtManager,
  type DhtManagerOptions,
  type DhtManagerStats,
  type OperationOptions,
  type PutRequestOptions,
  type PutTerms,
} from "./manager.ts";
export type {
  AnnounceOutcome,
  GetOutcome,
  PeerAddress,
  PeersOutcome,
  PutOutcome,
} from "./outcome.ts";
