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
  /** All strangers together, and all nodes together that answered us lately. */
  all: Rate;
  /** Senders that are remembered; the one that was silent for longest is forgotten first. */
  remembered: number;
  /** So long, milliseconds, a node counts as one that answered us lately. */
  knownForMs: number;
}

/**
 * What libtorrent takes from one node: 5 a second, averaged over 10 seconds (its setting
 * `dht_block_ratelimit`). It then bans the sender for five minutes (`dht_block_timeout`); here only
 * what is too much is dropped, because whoever forges a sender could have any node banned. The others
 * are ours: four nodes behind one address, some ten times what a busy node is asked, and nodes of the
 * last hour.
 */
export const QUERY_LIMITS: QueryLimits = {
  node: { burst: 50, perSecond: 5 },
  address: { burst: 200, perSecond: 20 },
  all: { burst: 2_000, perSecond: 500 },
  remembered: 8_192,
  knownForMs: 3_600_000,
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
  /** When nodes answered us last, by address and port. */
  readonly #known = new Map<string, number>();
  readonly #ofStrangers: Bucket;
  readonly #ofKnown: Bucket;

  /** @param now milliseconds, of any beginning */
  constructor(now: () => number, limits: QueryLimits = QUERY_LIMITS) {
    this.#now = now;
    this.#limits = limits;
    this.#ofStrangers = { tokens: limits.all.burst, atMs: now() };
    this.#ofKnown = { ...this.#ofStrangers };
  }

  /**
   * Takes in that a node answered a query of ours, which nobody does from a forged address. A flood of
   * forged senders takes nothing of what such nodes have together.
   */
  learnKnown(address: string, port: number): void {
    const key = `${address}:${port}`;
    this.#known.delete(key);
    this.#known.set(key, this.#now());
    this.#trim(this.#known);
  }

  /**
   * Whether a query of this sender is to be answered. Loopback is not limited: no packet from outside
   * has such a sender (RFC 1122 section 3.2.1.3), and the nodes of a local test network share it.
   */
  admits(address: string, port: number): boolean {
    if (address.startsWith("127.")) return true;
    const { node, address: perAddress, all } = this.#limits;
    const nowMs = this.#now();
    const key = `${address}:${port}`;
    const together = this.#isKnown(key, nowMs) ? this.#ofKnown : this.#ofStrangers;
    // Looked at one after the other: in a flood, nearly all end here, and nothing is kept of them.
    if (fill(together, all, nowMs).tokens < 1) return false;
    const ofAddress = fill(
      this.#of(this.#addresses, address, perAddress, nowMs),
      perAddress,
      nowMs,
    );
    if (ofAddress.tokens < 1) return false;
    const ofNode = fill(this.#of(this.#nodes, key, node, nowMs), node, nowMs);
    if (ofNode.tokens < 1) return false;
    for (const bucket of [together, ofAddress, ofNode]) bucket.tokens--;
    return true;
  }

  #isKnown(key: string, nowMs: number): boolean {
    const atMs = this.#known.get(key);
    return atMs !== undefined && Math.abs(nowMs - atMs) <= this.#limits.knownForMs;
  }

  /** Moves a sender to the end of the map, whose first entry is thus the longest silent one. */
  #of(map: Map<string, Bucket>, key: string, { burst }: Rate, nowMs: number): Bucket {
    const bucket = map.get(key) ?? { tokens: burst, atMs: nowMs };
    map.delete(key);
    map.set(key, bucket);
    this.#trim(map);
    return bucket;
  }

  #trim(map: Map<string, unknown>): void {
    if (map.size > this.#limits.remembered) map.delete(map.keys().next().value!);
  }
}

function fill(bucket: Bucket, { burst, perSecond }: Rate, nowMs: number): Bucket {
  // A clock that was set back fills nothing, and starts from there.
  const passedMs = Math.max(nowMs - bucket.atMs, 0);
  bucket.tokens = Math.min(burst, bucket.tokens + passedMs / 1_000 * perSecond);
  bucket.atMs = nowMs;
  return bucket;
}
