/**
 * Rate limits for incoming DHT queries, by token buckets. The sender of a UDP packet can be forged,
 * so our answer may reach a victim who sent nothing. The limits bound the traffic that an attacker
 * can direct at one address through us, and the cost of a flood of queries. Replies to our own
 * queries are not limited.
 *
 * @module
 */

import { machineOf, TokenBucket, type TokenRate } from "../../base/mod.ts";

/** Limits of {@linkcode QueryLimiter} on incoming DHT queries. */
export interface QueryLimits {
  /** Token bucket of one address and port, which is one DHT node. */
  node: TokenRate;
  /**
   * Token bucket of one address with all its ports, or of one /64 network of IPv6. Nodes behind one
   * NAT share it.
   */
  address: TokenRate;
  /** Global token bucket. There are two: one for known nodes and one for all others. */
  all: TokenRate;
  /** Maximum number of senders whose token buckets are remembered (LRU). */
  remembered: number;
  /** Time in milliseconds for which a node counts as known after its last reply. */
  knownForMs: number;
}

/**
 * Default limits.
 *
 * - The rate of one node is libtorrent's: 5 queries a second, averaged over 10 seconds
 *   (`dht_block_ratelimit`). libtorrent then bans the sender for five minutes. Here only the excess
 *   queries are dropped, because an attacker who forges the sender could get any node banned.
 * - One address may send as much as four nodes.
 * - The global rate is about ten times the query rate of a busy node.
 */
export const QUERY_LIMITS: QueryLimits = {
  node: { burst: 50, perSecond: 5 },
  address: { burst: 200, perSecond: 20 },
  all: { burst: 2_000, perSecond: 500 },
  remembered: 8_192,
  knownForMs: 3_600_000,
};

/** Decides by token buckets which incoming queries are answered. */
export class QueryLimiter {
  readonly #now: () => number;
  readonly #limits: QueryLimits;
  readonly #nodes = new Map<string, TokenBucket>();
  readonly #addresses = new Map<string, TokenBucket>();
  /** Time of the last reply of each known node, by address and port. */
  readonly #known = new Map<string, number>();
  readonly #unknownBucket: TokenBucket;
  readonly #knownBucket: TokenBucket;

  /** @param now returns the time in milliseconds, from any starting point */
  constructor(now: () => number, limits: QueryLimits = QUERY_LIMITS) {
    this.#now = now;
    this.#limits = limits;
    this.#unknownBucket = new TokenBucket(limits.all, now());
    this.#knownBucket = new TokenBucket(limits.all, now());
  }

  /**
   * Records that a node has replied to our query, which proves that its address is not forged.
   * Known nodes have their own global bucket, which a flood of queries with forged senders cannot
   * drain.
   */
  noteReply(address: string, port: number): void {
    const key = `${address}:${port}`;
    this.#known.delete(key);
    this.#known.set(key, this.#now());
    this.#trim(this.#known);
  }

  /**
   * Whether to answer a query of this sender. If so, takes a token from each bucket. Loopback
   * addresses are not limited: no packet from outside has such a sender (RFC 1122, section 3.2.1.3,
   * and RFC 4291, section 2.5.3), and all nodes of a local test network share one loopback address.
   */
  admits(address: string, port: number): boolean {
    if (address.startsWith("127.") || address === "::1") return true;
    const { node, address: perAddress } = this.#limits;
    const nowMs = this.#now();
    const key = `${address}:${port}`;
    const global = this.#isKnown(key, nowMs) ? this.#knownBucket : this.#unknownBucket;
    // The global bucket is checked first, so that a flood creates no bucket for each forged sender.
    if (global.fill(nowMs) < 1) return false;
    const ofAddress = this.#bucketOf(this.#addresses, machineOf(address), perAddress, nowMs);
    if (ofAddress.fill(nowMs) < 1) return false;
    const ofNode = this.#bucketOf(this.#nodes, key, node, nowMs);
    if (ofNode.fill(nowMs) < 1) return false;
    for (const bucket of [global, ofAddress, ofNode]) bucket.tokens--;
    return true;
  }

  #isKnown(key: string, nowMs: number): boolean {
    const atMs = this.#known.get(key);
    return atMs !== undefined && Math.abs(nowMs - atMs) <= this.#limits.knownForMs;
  }

  /**
   * Returns the bucket of a sender and moves it to the end of the map. The first entry of the map
   * is thus the least recently used.
   */
  #bucketOf(
    map: Map<string, TokenBucket>,
    key: string,
    rate: TokenRate,
    nowMs: number,
  ): TokenBucket {
    const bucket = map.get(key) ?? new TokenBucket(rate, nowMs);
    map.delete(key);
    map.set(key, bucket);
    this.#trim(map);
    return bucket;
  }

  #trim(map: Map<string, unknown>): void {
    if (map.size > this.#limits.remembered) map.delete(map.keys().next().value!);
  }
}
