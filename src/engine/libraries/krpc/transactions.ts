/**
 * Transaction ids of queries, and whom each query went to. npm:k-rpc-socket numbers its queries one after
 * the other, takes an answer from any port of the address that it asked, and hands on answers without a
 * query, whose senders then enter the routing table. Here ids are random, and an answer has to come from
 * the address and port that the query went to.
 *
 * @module
 */

import { randomInt } from "node:crypto";

/**
 * How long a query is remembered, in milliseconds. It is longer than the query's time-out: a late answer
 * still says that its node lives.
 */
const KEPT_MS = 4_000;
/** Number of transaction ids: two bytes (BEP 5) without 0 and 65,535, which npm:k-rpc-socket uses itself. */
const IDS = 65_534;
/** Maximum number of queries remembered: half of the ids, so that guessing finds a free one soon. */
const MAX_KEPT = IDS / 2;

interface Asked {
  host: string;
  port: number;
  /** Time of the query, in milliseconds. */
  at: number;
}

/** The queries of one socket that were sent lately. */
export class Transactions {
  readonly #asked = new Map<number, Asked>();
  /** Number of remembered queries by host. */
  readonly #hosts = new Map<string, number>();
  readonly #now: () => number;

  /** @param now the time in milliseconds; only differences count */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns a random id that no remembered query has, after forgetting the queries that are too old. */
  freeId(): number {
    this.#forget();
    let id: number;
    do id = randomInt(1, IDS + 1); while (this.#asked.has(id));
    return id;
  }

  /** Remembers a query that was sent. */
  add(id: number, host: string, port: number): void {
    this.#asked.set(id, { host, port, at: this.#now() });
    this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + 1);
  }

  /** Whether an answer of the host is expected. */
  isAsked(host: string): boolean {
    return this.#hosts.has(host);
  }

  /**
   * Whether an answer belongs to a query. A second answer with the same id does not.
   *
   * @param id the transaction id, two bytes big-endian
   */
  take(id: number, host: string, port: number): boolean {
    const asked = this.#asked.get(id);
    if (asked?.host !== host || asked.port !== port) return false;
    this.#drop(id, asked);
    return true;
  }

  /** Forgets queries that are too old or too many, the oldest first. */
  #forget(): void {
    const since = this.#now() - KEPT_MS;
    for (const [id, asked] of this.#asked) {
      if (asked.at >= since && this.#asked.size < MAX_KEPT) return;
      this.#drop(id, asked);
    }
  }

  #drop(id: number, { host }: Asked): void {
    this.#asked.delete(id);
    const left = this.#hosts.get(host)! - 1;
    if (left > 0) this.#hosts.set(host, left);
    else this.#hosts.delete(host);
  }
}
