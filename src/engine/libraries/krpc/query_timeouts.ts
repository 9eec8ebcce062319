/**
 * Timeouts of DHT queries. npm:k-rpc-socket checks for overdue queries twice a second as long as
 * the socket exists, which costs an idle daemon most of its processor time. Here a timer runs only
 * while a query is under way.
 *
 * @module
 */

import type { Clock, Timer } from "../../../base/mod.ts";

/** Queries sent within this time of each other, in milliseconds, are timed out by one timer. */
const TOGETHER_MS = 50;

/** The functions of a socket that are needed to time out its queries. */
export interface TimedSocket {
  /** Ends the query with the transaction id `id` by passing an error to its caller. */
  cancel(id: number, error: Error): void;
  /** Returns the number of queries under way. */
  underWay(): number;
}

/** Ends the queries of one socket that get no reply within the timeout. */
export class QueryTimeouts {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #socket: TimedSocket;
  /** For each query under way, by transaction id: the time at which it was sent. Oldest first. */
  readonly #sent = new Map<number, number>();
  #timer: Timer | undefined;
  #stopped = false;

  /** @param timeoutMs timeout of a query, in milliseconds; the timer may add up to 50 ms */
  constructor(clock: Clock, timeoutMs: number, socket: TimedSocket) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#socket = socket;
  }

  /** Starts the timeout of the query with the transaction id `id`, which was just sent. */
  begin(id: number): void {
    if (this.#stopped) return;
    // A transaction id may be reused. Deleting the old entry first puts the new query at the end of
    // the map, which is in the order of sending.
    this.#sent.delete(id);
    this.#sent.set(id, this.#clock.now());
    this.#timer ??= this.#after(this.#timeoutMs);
  }

  /** Ends the timeout of a query that was answered or cancelled. */
  end(id: number): void {
    this.#sent.delete(id);
  }

  /** Cancels the timer. Afterwards no query is timed out any more. */
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
      // A negative waiting time means that the clock was set back. The query counts as overdue
      // then, so that it cannot wait for ever.
      if (waitedMs >= 0 && waitedMs < this.#timeoutMs) break;
      late.push(id);
    }
    // All overdue queries share one error, because creating an error with its stack trace is
    // expensive.
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
