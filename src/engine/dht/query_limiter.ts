/**
 * Rate limits for incoming DHT queries, by token buckets. The sender of a UDP packet can be forged, so an
 * answer may reach a victim who sent nothing. The limits bound the traffic to one address through us, and
 * the cost of a flood. Replies to our own queries are not limited.
 *
 * @module
 */

import { TokenBucket, type TokenRate } from "../../base/mod.ts";

/** The limits of {@linkcode QueryLimiter}. */
export interface QueryLimits {
  /** Bucket of one address and port, which is one DHT node. */
  node: TokenRate;
  /** Bucket of one address with all its ports: nodes behind one NAT share it. */
  address: TokenRate;
  /** Global bucket, one each for unknown and known nodes. */
  all: TokenRate;
  /** Maximum number of senders remembered (LRU). */
  remembered: number;
  /** How long a responsive node counts as known, milliseconds. */
  knownForMs: number;
}

/**
 * Default limits. The rate of one node is libtorrent's: 5 a second, averaged over 10 seconds
 * (`dht_block_ratelimit`). libtorrent then bans the sender for five minutes; here only the excess is
 * dropped, because an attacker with a forged sender could get any node banned. One address is allowed four
 * nodes, and the global rate is about ten times that of a busy node.
 */
export const QUERY_LIMITS: QueryLimits = {
  node: { burst: 50, perSecond: 5 },
  address: { burst: 200, perSecond: 20 },
  all: { burst: 2_000, perSecond: 500 },
  remembered: 8_192,
  knownForMs: 3_600_000,
};

/** Token buckets of incoming queries, by sender. */
export class QueryLimiter {
  readonly #now: () => number;
  readonly #limits: QueryLimits;
  readonly #nodes = new Map<string, TokenBucket>();
  readonly #addresses = new Map<string, TokenBucket>();
  /** Time of the last reply of each known node, by address and port. */
  readonly #known = new Map<string, number>();
  readonly #unknownBucket: TokenBucket;
  readonly #knownBucket: TokenBucket;

  /** @param now returns milliseconds from any origin */
  constructor(now: () => number, limits: QueryLimits = QUERY_LIMITS) {
    this.#now = now;
    this.#limits = limits;
    this.#unknownBucket = new TokenBucket(limits.all, now());
    this.#knownBucket = new TokenBucket(limits.all, now());
  }

  /**
   * Notes that a node has answered a query of ours, which proves its address. Known nodes have a global
   * bucket of their own, which a flood with forged senders cannot drain.
   */
  noteReply(address: string, port: number): void {
    const key = `${address}:${port}`;
    this.#known.delete(key);
    this.#known.set(key, this.#now());
    this.#trim(this.#known);
  }

  /**
   * Whether to answer a query of this sender; takes a token if so. Loopback is not limited: no packet from
   * outside has such a sender (RFC 1122 section 3.2.1.3), and a local test network shares it.
   */
  admits(address: string, port: number): boolean {
    if (address.startsWith("127.")) return true;
    const { node, address: perAddress } = this.#limits;
    const nowMs = this.#now();
    const key = `${address}:${port}`;
    const global = this.#isKnown(key, nowMs) ? this.#knownBucket : this.#unknownBucket;
    // The global bucket comes first: a flood ends here without an entry for each sender.
    if (global.fill(nowMs) < 1) return false;
    const ofAddress = this.#bucketOf(this.#addresses, address, perAddress, nowMs);
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

  /** The bucket of a sender, moved to the end of the map, so that the first entry is least recently used. */
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
