/**
 * Transaction ids of queries, with the address that each query was sent to. npm:k-rpc-socket has
 * three weaknesses: it uses consecutive ids, it accepts a reply from any port of the queried
 * address, and it passes on replies that match no query, whose senders then enter the routing
 * table. Here ids are random, and a reply must come from the address and port that its query was
 * sent to.
 *
 * @module
 */

import { randomInt } from "node:crypto";
import type { QueryKind } from "./packet_counts.ts";

/**
 * Time for which a query is remembered, in milliseconds. It is longer than the query's timeout,
 * because even a late reply proves that the node is alive.
 */
const KEPT_MS = 4_000;
/**
 * Number of usable transaction ids: all values of two bytes (BEP 5) except 0 and 65,535, which
 * npm:k-rpc-socket reserves.
 */
const IDS = 65_534;
/**
 * Maximum number of remembered queries. Half of all transaction ids always stay free, so that
 * random guessing soon finds a free id.
 */
const MAX_KEPT = IDS / 2;

interface Asked {
  host: string;
  port: number;
  kind: QueryKind;
  /** Time at which the query was sent, in milliseconds. */
  at: number;
}

/** The recently sent queries of one socket. */
export class Transactions {
  readonly #asked = new Map<number, Asked>();
  /** Number of remembered queries to each host. */
  readonly #hosts = new Map<string, number>();
  readonly #now: () => number;

  /** @param now returns the time in milliseconds, from any starting point */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Forgets expired queries, then returns a random transaction id that no remembered query has. */
  freeId(): number {
    this.#forget();
    let id: number;
    do id = randomInt(1, IDS + 1); while (this.#asked.has(id));
    return id;
  }

  /** Remembers a query that was sent. */
  add(id: number, host: string, port: number, kind: QueryKind): void {
    this.#asked.set(id, { host, port, kind, at: this.#now() });
    this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + 1);
  }

  /** Whether a reply from a host is expected, because a query to the host is remembered. */
  isAsked(host: string): boolean {
    return this.#hosts.has(host);
  }

  /**
   * Returns the kind of the remembered query that a reply matches; `undefined` if it matches none. The
   * query is then forgotten, so a second reply does not match.
   *
   * @param id the transaction id, two bytes read as a big-endian number
   */
  take(id: number, host: string, port: number): QueryKind | undefined {
    const asked = this.#asked.get(id);
    if (asked?.host !== host || asked.port !== port) return undefined;
    this.#drop(id, asked);
    return asked.kind;
  }

  /** Forgets queries that have expired or exceed the maximum number, oldest first. */
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
