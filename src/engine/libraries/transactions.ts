/**
 * Answers that were asked for, and no others. npm:k-rpc-socket numbers its queries one after the
 * other, takes an answer from any port of the address that it asked, and hands on answers to nothing
 * at all, whose senders then enter the routing table. Here a query's transaction id is of chance, and
 * an answer has to bring it back from the address and port that were asked.
 *
 * @module
 */

import { randomInt } from "node:crypto";
import type { KrpcSocket } from "./krpc_types.ts";

/** Longer than k-rpc-socket waits: an answer that comes too late still says that its node lives. */
const KEPT_MS = 4_000;
/** BEP 5's transaction ids of two bytes, less 0 and 65,535, which k-rpc-socket has a use for. */
const IDS = 65_534;
/** Half of the ids, so that a free one is found by guessing. Far more than are asked in that time. */
const MAX_KEPT = IDS / 2;

interface Asked {
  host: string;
  port: number;
  /** When, in milliseconds. */
  at: number;
}

/** What was asked lately, and of whom. */
export class Transactions {
  readonly #asked = new Map<number, Asked>();
  /** How many of them each host was asked. */
  readonly #hosts = new Map<string, number>();
  readonly #now: () => number;

  /** @param now the time in milliseconds; only differences count */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Has the queries of a socket numbered by chance, and remembers them. */
  watch(socket: KrpcSocket & { _tick?: number }): void {
    const query = socket.query.bind(socket);
    socket.query = (peer, message, done) => {
      this.#forget();
      // It counts this up for its next transaction id.
      socket._tick = this.#free() - 1;
      const id = query(peer, message, done);
      if (id !== undefined) {
        this.#asked.set(id, { host: peer.host, port: peer.port, at: this.#now() });
        this.#hosts.set(peer.host, (this.#hosts.get(peer.host) ?? 0) + 1);
      }
      return id;
    };
  }

  /** Whether any answer of a host is expected. */
  isAsked(host: string): boolean {
    return this.#hosts.has(host);
  }

  /**
   * Whether an answer was asked for. It is expected once.
   *
   * @param id the transaction id, two bytes big-endian
   */
  take(id: number, host: string, port: number): boolean {
    const asked = this.#asked.get(id);
    if (asked?.host !== host || asked.port !== port) return false;
    this.#drop(id, asked);
    return true;
  }

  #free(): number {
    let id: number;
    do id = randomInt(1, IDS + 1); while (this.#asked.has(id));
    return id;
  }

  /** Forgets what is too long ago, or too much; the oldest come first. */
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
