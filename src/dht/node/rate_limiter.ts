/**
 * Token bucket that limits the DHT packets of background work. Foreground work is never delayed, but
 * its packets are charged to the same bucket, so that background work slows down meanwhile.
 *
 * @module
 */

import { type Clock, type Timer, TokenBucket } from "../../base/mod.ts";

/**
 * Maximum debt of the token bucket, in seconds of refill. Foreground work can put the bucket into
 * debt; background work waits until the debt is refilled.
 */
const MAX_DEBT_SECONDS = 10;

/** Token bucket with a capacity of one second of refill; one token is one packet. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #waiting: { packets: number; go: () => void }[] = [];
  readonly #bucket: TokenBucket;
  #timer: Timer | undefined;

  /** @param perSecond refill rate, packets a second, at least 1 */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#bucket = new TokenBucket({ burst: perSecond, perSecond }, clock.now());
  }

  /** Changes the refill rate and the capacity of the token bucket, packets a second. */
  set perSecond(perSecond: number) {
    const bucket = this.#bucket;
    bucket.fill(this.#clock.now());
    bucket.rate = { burst: perSecond, perSecond };
    bucket.tokens = Math.min(bucket.tokens, perSecond);
    this.#restart();
  }

  /**
   * Takes tokens for packets that were sent already, without waiting. A negative number returns
   * tokens that were taken for packets that were not sent.
   */
  spend(packets: number): void {
    const bucket = this.#bucket;
    const { burst, perSecond } = bucket.rate;
    const left = bucket.fill(this.#clock.now()) - packets;
    bucket.tokens = Math.min(Math.max(left, -MAX_DEBT_SECONDS * perSecond), burst);
  }

  /**
   * Waits until the bucket holds `packets` tokens, then takes them. Callers are served in order. A
   * request above the bucket's capacity is granted when the bucket is full.
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

  /**
   * Restarts the timer. The old timer may have been set for an aborted caller or for an old refill
   * rate.
   */
  #restart(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#serve();
  }

  #serve(): void {
    const bucket = this.#bucket;
    const { burst, perSecond } = bucket.rate;
    bucket.fill(this.#clock.now());
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const missing = Math.min(first.packets, burst) - bucket.tokens;
      if (missing > 0) {
        this.#timer ??= this.#clock.after(Math.ceil(missing * 1_000 / perSecond), () => {
          this.#timer = undefined;
          this.#serve();
        });
        return;
      }
      bucket.tokens -= first.packets;
      this.#waiting.shift();
      first.go();
    }
  }
}
