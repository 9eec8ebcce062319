/**
 * Limits of what strangers may ask at a rendezvous: connections of each network, of all, and at once, and
 * questions. At the limit of connections at once the oldest gives way, so that nobody can keep a place by
 * being silent.
 *
 * @module
 */

import {
  type Clock,
  networkOf,
  setNewest,
  TokenBucket,
  type TokenRate,
  unmapIpv4,
} from "../../base/mod.ts";

/** Maximum number of connections at once. */
export const MAX_CONNECTIONS = 64;
/**
 * Connections of one network, /24 of IPv4 or /48 of IPv6: one attacker may have all its addresses.
 * Loopback and private addresses are not limited.
 */
export const NETWORK_RATE: TokenRate = { burst: 16, perSecond: 1 };
/** Maximum number of networks whose connections are counted. The one seen longest ago is dropped. */
const MAX_NETWORKS = 1_024;
/** Connections of all peers together. */
export const CONNECTION_RATE: TokenRate = { burst: 64, perSecond: 10 };
/** Questions of all peers together. */
export const QUESTION_RATE: TokenRate = { burst: 64, perSecond: 10 };
/**
 * Part of the burst that is kept for the first question on each connection. Readers ask one
 * question, but an attacker could ask four on each connection, and use up the burst from three
 * networks.
 */
export const FIRST_QUESTIONS = QUESTION_RATE.burst / 2;

/** The limits of one engine. */
export class AnswerLimits {
  readonly #clock: Clock;
  readonly #connections: TokenBucket;
  readonly #questions: TokenBucket;
  /** Buckets of the networks that have connected; the one seen longest ago is first. */
  readonly #networks = new Map<string, TokenBucket>();
  /** Functions that close the open connections; the oldest first. */
  readonly #open = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#connections = new TokenBucket(CONNECTION_RATE, clock.now());
    this.#questions = new TokenBucket(QUESTION_RATE, clock.now());
  }

  /** Number of open connections. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Whether a new connection is kept. If there are too many, the oldest is closed.
   *
   * @param host address of the peer, as text
   * @param close closes the connection; {@linkcode AnswerLimits.ended} must be called when it has
   * ended
   */
  admits(host: string, close: () => void): boolean {
    const network = networkOf(unmapIpv4(host));
    // The network's bucket comes first, so that one network cannot empty the bucket of all.
    if (network !== undefined && !this.#bucketOf(network).take(this.#clock.now())) return false;
    if (!this.#connections.take(this.#clock.now())) return false;
    if (this.#open.size >= MAX_CONNECTIONS) this.#open.values().next().value!();
    this.#open.add(close);
    return true;
  }

  /** Notes that a connection has ended. */
  ended(close: () => void): void {
    this.#open.delete(close);
  }

  /**
   * Whether one more question is answered now.
   *
   * @param isFirst whether it is the first question on its connection
   */
  takeQuestion(isFirst: boolean): boolean {
    const nowMs = this.#clock.now();
    if (!isFirst && this.#questions.fill(nowMs) < FIRST_QUESTIONS + 1) return false;
    return this.#questions.take(nowMs);
  }

  /** Closes all connections. */
  closeAll(): void {
    for (const close of [...this.#open]) close();
  }

  #bucketOf(network: string): TokenBucket {
    const bucket = this.#networks.get(network) ?? new TokenBucket(NETWORK_RATE, this.#clock.now());
    setNewest(this.#networks, network, bucket, MAX_NETWORKS);
    return bucket;
  }
}
