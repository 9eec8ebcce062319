/**
 * Operations on the DHT: get and put a mutable item (BEP 44), find and announce peers (BEP 5).
 *
 * {@linkcode DhtManager} runs the operations. Each operation uses every node that can be borrowed,
 * charges its packets to the rate limiter and can be aborted. A get verifies signatures while
 * replies arrive (`item_query.ts`) and returns the valid item with the highest `seq` (`merge.ts`).
 * A put first reads the item and then sends it only to nodes that lack it (`put.ts`). The outcomes
 * are plain data (`outcome.ts`): the numbers of nodes that were asked, answered, hold the item, or
 * refused it by error.
 *
 * The schedule (`../announce`) decides when to announce again. The callers sign items.
 *
 * Start with `manager.ts`, then `put.ts`.
 *
 * @module
 */

export type { ItemKey } from "./item_query.ts";
export { DhtManager, type DhtManagerOptions, type DhtManagerStats } from "./manager.ts";
export type {
  AnnounceOutcome,
  ByFamily,
  FamilyOutcome,
  GetOutcome,
  PeerAddress,
  PeersOutcome,
  PutOutcome,
} from "./outcome.ts";
export type { GetOptions, OperationOptions, PutRequestOptions, PutTerms } from "./options.ts";
