/**
 * How many queries of strangers our DHT node takes. The sender of a UDP packet can be forged, so whatever
 * is answered goes to somebody who may not have asked: the limits bound what can be sent to one address
 * through us, and what a flood costs us. Answers to our own queries are not its business.
 *
 * @module
 */

/** So many at once, and so many a second from then on. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** The limits of {@linkcode QueryLimiter}. */
export interface QueryLimits {
  /** One address and port, which is one DHT node. */
  node: Rate;
  /** All ports of one address: several nodes may share it behind a NAT. */
  address: Rate;
  /** All senders together. */
  all: Rate;
  /** Senders that are remembered; the one that was silent for longest is forgotten first. */
  remembered: number;
}

/**
 * What libtorrent takes from one node: 5 a second, averaged over 10 seconds (its setting
 * `dht_block_ratelimit`). It then bans the sender for five minutes (`dht_block_timeout`); here only
 * what is too much is dropped, because whoever forges a sender could have any node banned. The other
 * two are ours: four nodes behind one address, and some ten times what a busy node is asked.
 */
export const QUERY_LIMITS: QueryLimits = {
  node: { burst: 50, perSecond: 5 },
  address: { burst: 200, perSecond: 20 },
  all: { burst: 2_000, perSecond: 500 },
  remembered: 8_192,
};

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Counts queries by sender. */
export class QueryLimiter {
  readonly #now: () => number;
  readonly #limits: QueryLimits;
  readonly #nodes = new Map<string, Bucket>();
  readonly #addresses = new Map<string, Bucket>();
  readonly #all: Bucket;

  /** @param now milliseconds, of any beginning */
  constructor(now: () => number, limits: QueryLimits = QUERY_LIMITS) {
    this.#now = now;
    this.#limits = limits;
    this.#all = { tokens: limits.all.burst, atMs: now() };
  }

  /**
   * Whether a query of this sender is to be answered. Loopback is not limited: no packet from outside
   * has such a sender (RFC 1122 section 3.2.1.3), and the nodes of a local test network share it.
   */
  admits(address: string, port: number): boolean {
    if (address.startsWith("127.")) return true;
    const { node, address: perAddress, all } = this.#limits;
    const nowMs = this.#now();
    const buckets = [
      fill(this.#all, all, nowMs),
      fill(this.#of(this.#addresses, address, perAddress, nowMs), perAddress, nowMs),
      fill(this.#of(this.#nodes, `${address}:${port}`, node, nowMs), node, nowMs),
    ];
    if (buckets.some(({ tokens }) => tokens < 1)) return false;
    for (const bucket of buckets) bucket.tokens--;
    return true;
  }

  /** Moves a sender to the end of the map, whose first entry is thus the longest silent one. */
  #of(map: Map<string, Bucket>, key: string, { burst }: Rate, nowMs: number): Bucket {
    const bucket = map.get(key) ?? { tokens: burst, atMs: nowMs };
    map.delete(key);
    map.set(key, bucket);
    if (map.size > this.#limits.remembered) map.delete(map.keys().next().value!);
    return bucket;
  }
}

function fill(bucket: Bucket, { burst, perSecond }: Rate, nowMs: number): Bucket {
  // A clock that was set back fills nothing, and starts from there.
  const passedMs = Math.max(nowMs - bucket.atMs, 0);
  bucket.tokens = Math.min(burst, bucket.tokens + passedMs / 1_000 * perSecond);
  bucket.atMs = nowMs;
  return bucket;
}
