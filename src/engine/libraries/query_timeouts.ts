/**
 * Ends queries that nobody answers. npm:k-rpc-socket looks for them twice a second for as long as it
 * lives, which was most of what a daemon cost that had nothing to do; here a timer runs only while
 * there are some.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import type { KrpcSocket } from "./krpc_types.ts";

/** Those that come this soon after the first, milliseconds, are ended together with it. */
const TOGETHER_MS = 50;

/** The queries of one socket. */
export class QueryTimeouts {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** When a query that is not answered yet was sent, by its transaction id, the oldest first. */
  readonly #sent = new Map<number, number>();
  #timer: Timer | undefined;
  #stopped = false;

  /** @param timeoutMs how long a query is waited for at least; at most 50 ms more */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Takes the place of the socket's own timer. */
  watch(socket: KrpcSocket & { _timer?: number }): void {
    clearInterval(socket._timer);
    const query = socket.query.bind(socket);
    socket.query = (peer, message, done) => {
      let id: number | undefined = undefined;
      id = query(peer, message, (...outcome) => {
        if (id !== undefined) this.#sent.delete(id);
        done(...outcome);
      });
      if (id === undefined || this.#stopped) return id;
      // An id may be in use again.
      this.#sent.delete(id);
      this.#sent.set(id, this.#clock.now());
      this.#timer ??= this.#after(socket, this.#timeoutMs);
      return id;
    };
  }

  /** No more timers. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #after(socket: KrpcSocket, delayMs: number): Timer {
    return this.#clock.after(delayMs + TOGETHER_MS, () => {
      this.#timer = undefined;
      this.#end(socket);
    });
  }

  #end(socket: KrpcSocket): void {
    const nowMs = this.#clock.now();
    const late: number[] = [];
    for (const [id, sentMs] of this.#sent) {
      const waitedMs = nowMs - sentMs;
      // A clock that was set back must not keep any for ever.
      if (waitedMs >= 0 && waitedMs < this.#timeoutMs) break;
      late.push(id);
    }
    // One for all: an error with its stack is dear.
    const error = timedOut();
    for (const id of late) {
      this.#sent.delete(id);
      socket.cancel(id, error);
    }
    if (socket.inflight === 0) this.#sent.clear();
    const [oldestMs] = this.#sent.values();
    if (oldestMs === undefined || this.#stopped) return;
    this.#timer ??= this.#after(socket, Math.max(oldestMs + this.#timeoutMs - nowMs, 0));
  }
}

function timedOut(): Error {
  return Object.assign(new Error("Query timed out"), { code: "ETIMEDOUT" });
}
