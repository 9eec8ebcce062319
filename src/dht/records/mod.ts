/**
 * Operations on the DHT: get and put a mutable item (BEP 44), find and announce peers (BEP 5).
 *
 * {@linkcode DhtManager} runs them. Each operation goes through every node that can be borrowed, charges
 * its packets to the rate limiter and can be aborted. A get checks signatures while replies come in
 * (`item_query.ts`) and takes the valid item with the highest `seq` (`merge.ts`). A put asks first and
 * sends the item only to nodes that lack it (`put.ts`). The results are plain data (`outcome.ts`): how
 * many nodes were asked, answered, hold the item, and refused with which error.
 *
 * Announcing again is the schedule's business (`../announce`), signing the caller's.
 *
 * Start with `manager.ts`, then `put.ts`.
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
