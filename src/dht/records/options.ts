/**
 * Options of the operations of the DHT manager.
 *
 * @module
 */

import type { MutableItem } from "../../records/mod.ts";

/** Options of one DHT operation. */
export interface OperationOptions {
  /** Ends the operation early. The outcome then contains the results so far. */
  signal?: AbortSignal;
  /** Marks background work, which waits for the rate limiter and sends fewer packets to dead nodes. */
  background?: boolean;
}

/** Options of a get. */
export interface GetOptions extends OperationOptions {
  /**
   * Called with each valid item that a node shows, if its `seq` is higher than that of all items
   * before it. The outcome of the get may be a later item.
   */
  onShown?: (item: MutableItem) => void;
}

/**
 * Options of a put: which copies of the item are refreshed, and which items of other writers end
 * the put.
 */
export interface PutTerms {
  /**
   * Age, milliseconds, from which a node's copy of the item is refreshed by another put; 0
   * refreshes all copies. A copy of unknown age is refreshed too. By BEP 44, a node may forget an
   * item two hours after the last put; a get does not extend this time.
   */
  refreshAfterMs?: number;
  /**
   * For a record with several writers: the `seq`s of the items from which the new item was made
   * (empty if there were none). If a node returns another item, the put stops. The outcome returns
   * that item as `conflict` or `superseded`, for the caller to merge.
   */
  basedOn?: readonly number[];
}

/** All options of a put. */
export interface PutRequestOptions extends OperationOptions, PutTerms {}
