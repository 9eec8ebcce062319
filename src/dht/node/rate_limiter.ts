/**
 * A budget of packets a second for work that can wait. Work that people wait for is not held up,
 * but what it spends is missing from the budget of the rest.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";

/** Work that people wait for may run up a debt of this many seconds; the rest waits it out. */
const MAX_DEBT_SECONDS = 10;

/** A token bucket that holds one second's worth of packets. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #waiting: { packets: number; go: () => void }[] = [];
  #perSecond: number;
  #tokens: number;
  #filledMs: number;
  #timer: Timer | undefined;

  /** @param perSecond packets a second, at least 1 */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledMs = clock.now();
  }

  /** Changes the budget, packets a second. */
  set perSecond(perSecond: number) {
    this.#fill();
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, perSecond);
    this.#serveAnew();
  }

  /** Charges packets that were sent, or gives back what was taken and not sent (negative). */
  spend(packets: number): void {
    this.#fill();
    const least = -MAX_DEBT_SECONDS * this.#perSecond;
    this.#tokens = Math.min(Math.max(this.#tokens - packets, least), this.#perSecond);
  }

  /**
   * Takes so many packets out of the budget as soon as it has them, in the order of the calls. More
   * than a second's worth is taken when the bucket is full.
   *
   * @returns whether they were taken; `false` if `signal` aborted before
   */
  take(packets: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        resolve(false);
        this.#serveAnew();
      };
      const go = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve(true);
      };
      const waiter = { packets, go };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    // A clock that was set back must not stop the refill for as long as it was set back.
    const elapsedMs = Math.max(nowMs - this.#filledMs, 0);
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#tokens + elapsedMs * this.#perSecond / 1_000, this.#perSecond);
  }

  /** The timer may be set for somebody who does not wait any more, or for another budget. */
  #serveAnew(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#serve();
  }

  #serve(): void {
    this.#fill();
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const missing = Math.min(first.packets, this.#perSecond) - this.#tokens;
      if (missing > 0) {
        this.#timer ??= this.#clock.after(Math.ceil(missing * 1_000 / this.#perSecond), () => {
          this.#timer = undefined;
          this.#serve();
        });
        return;
      }
      this.#tokens -= first.packets;
      this.#waiting.shift();
      first.go();
    }
  }
}
