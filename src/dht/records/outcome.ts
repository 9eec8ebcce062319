/**
 * Outcomes of DHT operations as plain data: the numbers of nodes that were asked, answered, or hold
 * an item.
 *
 * @module
 */

import type { Family } from "../../base/mod.ts";
import type { MutableItem } from "../../records/mod.ts";

/** The part of an outcome that the DHT of one address family has. */
export interface FamilyOutcome {
  /** Number of nodes that answered. */
  responded: number;
  /** Number of nodes that hold the item, or that accepted the announcement. */
  holding: number;
}

/** The parts of an outcome by address family. A family without a borrowed node is missing. */
export type ByFamily = Partial<Record<Family, FamilyOutcome>>;

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
  /** Number of packets that the get has sent in each DHT, on average. */
  packets?: number;
  /** Number of failed queries by reason: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** Outcome of {@linkcode DhtManager.put}. */
export interface PutOutcome {
  /** Number of nodes that were asked for the item. */
  asked: number;
  /** Number of nodes that answered. */
  responded: number;
  /**
   * Number of nodes that hold the item after the put: they held it before or accepted it. Counted in
   * the DHT of the address family in which it is higher.
   */
  holding: number;
  /** Number of nodes that accepted the item in this put. */
  stored: number;
  /** Whether in each DHT fewer than `minNodes` nodes hold the item after the put. */
  weak: boolean;
  /**
   * Whether the put counts as failed and is repeated after a short back-off. This is so if the
   * number of holders is below `minNodes` and below the number of nodes that answered. In a small
   * network, a put that reached every node is weak, but not failed. With two DHTs, it is so if it is
   * so in one that answered, or if none answered.
   */
  needsRetry: boolean;
  /** A newer item of the same key and salt that a node returned, and that ended the put. */
  superseded: MutableItem | undefined;
  /**
   * A conflicting item of the same key, which ended the put. It has the `seq` of our item and
   * another value, or it is an older item whose `seq` is not in `basedOn`.
   */
  conflict: MutableItem | undefined;
  /** Absent in an outcome that was read from `state.db`. */
  byFamily?: ByFamily;
  /** Number of packets that the put has sent in each DHT, on average; absent as `byFamily`. */
  packets?: number;
  /** Number of failed queries by reason: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** The address of a BitTorrent peer. */
export interface PeerAddress {
  /** IP address: IPv4 in dotted form, IPv6 in the form of RFC 5952. */
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
  /** Absent in an outcome that was read from `state.db`. */
  byFamily?: ByFamily;
  /** Number of packets that the announcement has sent in each DHT, on average; absent as `byFamily`. */
  packets?: number;
  /**
   * Number of networks in which nodes named peers of the torrent, see `countPeerNetworks`, in the DHT
   * that named more; absent as `byFamily`.
   */
  peerNetworks?: number;
  errors: Record<string, number>;
}

/** Adds the error counts of `more` to those of `sum`. */
export function addErrors(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [reason, count] of Object.entries(more)) sum[reason] = (sum[reason] ?? 0) + count;
}
