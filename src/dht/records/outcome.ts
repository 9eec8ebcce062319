/**
 * Outcomes of DHT operations as plain data: the numbers of nodes that were asked, answered, or hold
 * an item.
 *
 * @module
 */

import type { MutableItem } from "../../records/mod.ts";

/** Outcome of {@linkcode DhtManager.get}. */
export interface GetOutcome {
  /** The valid item with the highest `seq`; `undefined` if no node returned a valid item. */
  item: MutableItem | undefined;
  /**
   * The other valid items that nodes returned, without duplicates: items with a lower `seq`, or
   * items with the same `seq` and another value.
   */
  others: MutableItem[];
  /** Number of nodes that were queried for the item. */
  asked: number;
  /** Number of nodes that answered. */
  responded: number;
  /** Number of nodes that returned exactly `item`. */
  holding: number;
  /** Number of nodes that returned an item with a lower `seq`. */
  stale: number;
  /** Number of nodes that returned an item with a wrong signature, key or target. */
  invalid: number;
  /** Number of failed queries by reason: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** Outcome of {@linkcode DhtManager.put}. */
export interface PutOutcome {
  /** Number of nodes that were asked for the item. */
  asked: number;
  /** Number of nodes that answered. */
  responded: number;
  /** Number of nodes that hold the item after the put: they held it before or accepted it. */
  holding: number;
  /** Number of nodes that accepted the item in this put. */
  stored: number;
  /** Whether fewer than `minNodes` nodes hold the item after the put. */
  weak: boolean;
  /**
   * Whether the put counts as failed and is repeated after a short back-off. This is so if the
   * number of holders is below `minNodes` and below the number of nodes that answered. In a small
   * network, a put that reached every node is weak, but not failed.
   */
  needsRetry: boolean;
  /** A newer item of the same key and salt that a node returned, and that ended the put. */
  superseded: MutableItem | undefined;
  /**
   * A conflicting item of the same key, which ended the put. It has the `seq` of our item and
   * another value, or it is an older item whose `seq` is not in `basedOn`.
   */
  conflict: MutableItem | undefined;
  /** Number of failed queries by reason: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** The address of a BitTorrent peer. */
export interface PeerAddress {
  /** IPv4 address in dotted form. */
  host: string;
  /** TCP port, 1 to 65535. */
  port: number;
}

/** Outcome of {@linkcode DhtManager.findPeers}. */
export interface PeersOutcome {
  peers: PeerAddress[];
  asked: number;
  responded: number;
  errors: Record<string, number>;
}

/** Outcome of {@linkcode DhtManager.announcePeer}. */
export interface AnnounceOutcome {
  asked: number;
  responded: number;
  /** Number of nodes that accepted the announcement of our address and port. */
  stored: number;
  errors: Record<string, number>;
}

/** Adds the error counts of `more` to those of `sum`. */
export function addErrors(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [reason, count] of Object.entries(more)) sum[reason] = (sum[reason] ?? 0) + count;
}
