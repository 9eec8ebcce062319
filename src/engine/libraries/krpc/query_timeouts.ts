/**
 * Time-outs of queries. npm:k-rpc-socket looks for overdue queries twice a second for as long as it lives,
 * which was most of the processor time of an idle daemon; here a timer runs only while a query is under
 * way.
 *
 * @module
 */

import type { Clock, Timer } from "../../../base/mod.ts";

/** Queries sent within this time of each other, in milliseconds, are timed out together. */
const TOGETHER_MS = 50;

/** The socket whose queries are timed out. */
export interface TimedSocket {
  /** Ends a query with an error. */
  cancel(id: number, error: Error): void;
  /** Number of queries that are under way. */
  underWay(): number;
}

/** Times out the queries of one socket. */
export class QueryTimeouts {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #socket: TimedSocket;
  /** Times at which the queries under way were sent, by transaction id, the oldest first. */
  readonly #sent = new Map<number, number>();
  #timer: Timer | undefined;
  #stopped = false;

  /** @param timeoutMs how long a query is waited for, in milliseconds; up to 50 ms are added */
  constructor(clock: Clock, timeoutMs: number, socket: TimedSocket) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#socket = socket;
  }

  /** Starts the time-out of a query that was sent. */
  begin(id: number): void {
    if (this.#stopped) return;
    // An id may be reused; the new query belongs at the end of the map.
    this.#sent.delete(id);
    this.#sent.set(id, this.#clock.now());
    this.#timer ??= this.#after(this.#timeoutMs);
  }

  /** Ends the time-out of a query that was answered or cancelled. */
  end(id: number): void {
    this.#sent.delete(id);
  }

  /** Starts no more timers. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #after(delayMs: number): Timer {
    return this.#clock.after(delayMs + TOGETHER_MS, () => {
      this.#timer = undefined;
      this.#cancelOverdue();
    });
  }

  #cancelOverdue(): void {
    const nowMs = this.#clock.now();
    const late: number[] = [];
    for (const [id, sentMs] of this.#sent) {
      const waitedMs = nowMs - sentMs;
      // A clock that was set back must not keep a query waiting for ever.
      if (waitedMs >= 0 && waitedMs < this.#timeoutMs) break;
      late.push(id);
    }
    // All share one error: making an error with its stack is expensive.
    const error = timedOut();
    for (const id of late) {
      this.#sent.delete(id);
      this.#socket.cancel(id, error);
    }
    if (this.#socket.underWay() === 0) this.#sent.clear();
    const [oldestMs] = this.#sent.values();
    if (oldestMs === undefined || this.#stopped) return;
    this.#timer ??= this.#after(Math.max(oldestMs + this.#timeoutMs - nowMs, 0));
  }
}

function timedOut(): Error {
  return Object.assign(new Error("Query timed out"), { code: "ETIMEDOUT" });
}
