/**
 * Outcomes of operations on the DHT, as plain data: how many nodes were asked, answered and hold the item.
 *
 * @module
 */

import type { MutableItem } from "../../records/mod.ts";

/** Outcome of {@linkcode DhtManager.get}. */
export interface GetOutcome {
  /** The valid item with the highest `seq`; `undefined` if no node returned a valid one. */
  item: MutableItem | undefined;
  /** The other valid items that nodes returned, each once: older ones, or different ones of the same `seq`. */
  others: MutableItem[];
  /** Number of nodes queried. */
  asked: number;
  /** Number of nodes that answered. */
  responded: number;
  /** Number of nodes that returned `item`. */
  holding: number;
  /** Number of nodes that returned an older `seq`. */
  stale: number;
  /** Number of nodes that returned an item with a wrong signature, key or target. */
  invalid: number;
  /** Number of failed queries by reason: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** Outcome of {@linkcode DhtManager.put}. */
export interface PutOutcome {
  /** Number of nodes asked whether they hold the item. */
  asked: number;
  /** Number of nodes that answered. */
  responded: number;
  /** Number of nodes known to hold the item now, because they had it or accepted it. */
  holding: number;
  /** Number of nodes that accepted the item in this put. */
  stored: number;
  /** Whether fewer than `minNodes` nodes hold the item. */
  weak: boolean;
  /**
   * Whether the put counts as failed and is retried after a short back-off: fewer nodes hold the item
   * than `minNodes`, and fewer than answered. In a small network, a weak put that reached every node is
   * no failure.
   */
  needsRetry: boolean;
  /** A newer item of the same key and salt that a node returned; the put stopped there. */
  superseded: MutableItem | undefined;
  /**
   * A conflicting item, signed by the same key: one with our `seq` and another value, or an older one
   * that ours was not based on. The put stopped there.
   */
  conflict: MutableItem | undefined;
  /** Number of failed queries by reason: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** A BitTorrent peer. */
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
  /** Number of nodes that accepted the announcement. */
  stored: number;
  errors: Record<string, number>;
}

/** Adds the counts of `more` to `sum`. */
export function addErrors(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [reason, count] of Object.entries(more)) sum[reason] = (sum[reason] ?? 0) + count;
}
