/**
 * What an operation on the DHT did, as data: who was asked, who answered, who holds what now.
 *
 * @module
 */

import type { MutableItem } from "../../records/mod.ts";

/** What {@linkcode DhtManager.get} found. */
export interface GetOutcome {
  /** The valid item with the highest `seq`, if any node showed one. */
  item: MutableItem | undefined;
  /** The other valid items that nodes showed, each once: older ones, or others of the same `seq`. */
  others: MutableItem[];
  /** How many nodes were asked. */
  asked: number;
  /** How many of them answered. */
  responded: number;
  /** How many of the closest nodes showed `item`. */
  holding: number;
  /** How many showed an older `seq`. */
  stale: number;
  /** How many showed an item whose signature, key or target was wrong. */
  invalid: number;
  /** Refusals and silence, counted by what they were: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** What {@linkcode DhtManager.put} did. */
export interface PutOutcome {
  /** How many nodes were asked whether they hold the item. */
  asked: number;
  /** How many of them answered. */
  responded: number;
  /** How many nodes are known to hold the item now: those that had it and those that took it. */
  holding: number;
  /** How many took it during this put. */
  stored: number;
  /** Held by fewer nodes than `minNodes`. */
  weak: boolean;
  /**
   * Whether it counts as failed and is put again after a short pause: held by fewer nodes than
   * `minNodes` and than answered. A weak put on all nodes of a small network is as good as it gets.
   */
  needsRetry: boolean;
  /** A newer item of the same key and salt that some node showed; ours was not put any further. */
  superseded: MutableItem | undefined;
  /**
   * An item with our `seq` and another value, or an older one that ours was not made from, signed by
   * the same key; ours was not put, or no further.
   */
  conflict: MutableItem | undefined;
  /** Refusals and silence, counted by what they were: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** A BitTorrent peer. */
export interface PeerAddress {
  /** IPv4 address in dotted form. */
  host: string;
  /** TCP port, 1 to 65535. */
  port: number;
}

/** What {@linkcode DhtManager.findPeers} found. */
export interface PeersOutcome {
  peers: PeerAddress[];
  asked: number;
  responded: number;
  errors: Record<string, number>;
}

/** What {@linkcode DhtManager.announcePeer} did. */
export interface AnnounceOutcome {
  asked: number;
  responded: number;
  /** How many nodes took the announcement. */
  stored: number;
  errors: Record<string, number>;
}

/** Adds the counts of `more` to `sum`. */
export function addErrors(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [what, count] of Object.entries(more)) sum[what] = (sum[what] ?? 0) + count;
}
