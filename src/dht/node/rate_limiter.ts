/**
 * Token bucket that limits the DHT packets of background work. Foreground work is never delayed, but
 * its packets are charged to the same bucket, so that background work slows down meanwhile.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";

/** Maximum debt that foreground work can run up, in seconds of refill, before background work resumes. */
const MAX_DEBT_SECONDS = 10;

/** Token bucket with a capacity of one second of refill; one token is one packet. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #waiting: { packets: number; go: () => void }[] = [];
  #perSecond: number;
  #tokens: number;
  #filledMs: number;
  #timer: Timer | undefined;

  /** @param perSecond refill rate, packets a second, at least 1 */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledMs = clock.now();
  }

  /** Changes the refill rate, packets a second. */
  set perSecond(perSecond: number) {
    this.#fill();
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, perSecond);
    this.#restart();
  }

  /** Charges packets that were sent; a negative number refunds packets that were taken but not sent. */
  spend(packets: number): void {
    this.#fill();
    const floor = -MAX_DEBT_SECONDS * this.#perSecond;
    this.#tokens = Math.min(Math.max(this.#tokens - packets, floor), this.#perSecond);
  }

  /**
   * Waits until the bucket holds `packets` tokens and takes them; callers are served in order. A request
   * for more than the capacity is granted when the bucket is full.
   *
   * @returns `false` if `signal` aborted first
   */
  take(packets: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        resolve(false);
        this.#restart();
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
    // A clock that is set back must not stop the refill.
    const elapsedMs = Math.max(nowMs - this.#filledMs, 0);
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#tokens + elapsedMs * this.#perSecond / 1_000, this.#perSecond);
  }

  /** Restarts the timer, which may be set for an aborted caller or another refill rate. */
  #restart(): void {
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
