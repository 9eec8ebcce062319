/**
 * Delivers messages to one receiver, in order, and each again until the receiver has taken it. Messages wait
 * in memory only: a daemon that ends forgets them.
 *
 * @module
 */

import { type Clock, delay } from "../../base/mod.ts";
import type { WebhookJson } from "../../control/mod.ts";

/** A message with the id by which its receiver recognises a repetition. */
export interface Message {
  id: string;
  body: Uint8Array;
}

/** Maximum number of waiting messages. If there are more, the oldest is dropped. */
export const MAX_WAITING = 100;
/** Maximum number of attempts to deliver one message: some three hours with the pauses between them. */
export const MAX_ATTEMPTS = 8;
/** Time limit of an attempt (ms), from the look-up of the name to the head of the answer. */
export const ATTEMPT_MS = 30_000;
/** Pause after the first failure, factor of each further one, and the longest pause (ms). */
const FIRST_PAUSE_MS = 5_000;
const PAUSE_FACTOR = 4;
const LAST_PAUSE_MS = 3_600_000;
/** Status by which a receiver says that it wants no more messages (RFC 9110, section 15.5.11). */
const GONE = 410;

/** Options of {@linkcode Deliveries}. */
export interface DeliveriesOptions {
  clock: Clock;
  /** Returns a random number from 0 inclusive to 1 exclusive. */
  random: () => number;
  /** Sends a message once, and returns the status of the answer. */
  post: (message: Message, signal: AbortSignal) => Promise<number>;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}

/** Delivers messages to one receiver. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #waiting: Message[] = [];
  readonly #stopped = new AbortController();
  #working: Promise<void> | undefined;
  #delivered = 0;
  #lost = 0;
  #failure: string | undefined;
  #isRefused = false;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  get status(): WebhookJson {
    return {
      waiting: this.#waiting.length,
      delivered: this.#delivered,
      lost: this.#lost,
      ...(this.#failure !== undefined && { failure: this.#failure }),
    };
  }

  /** Delivers a message after those that wait already. Never throws. */
  send(message: Message): void {
    if (this.#stopped.signal.aborted || this.#isRefused) return;
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  /** Ends the deliveries. Waiting messages are lost. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted && this.#waiting.length > 0;) {
      const message = this.#waiting[0]!;
      const failure = await this.#attempt(message);
      if (signal.aborted) return;
      if (failure === undefined) {
        failures = 0;
        this.#remove(message);
        continue;
      }
      failures++;
      if (this.#isRefused) return this.#refused();
      if (failures === MAX_ATTEMPTS) {
        failures = 0;
        if (this.#remove(message)) this.#lost++;
      }
      const pauseMs = Math.min(FIRST_PAUSE_MS * PAUSE_FACTOR ** (failures - 1), LAST_PAUSE_MS);
      // The jitter keeps the senders of one receiver from returning all at the same time.
      const jittered = (failures === 0 ? LAST_PAUSE_MS : pauseMs) * (0.5 + random());
      await delay(clock, jittered, signal).catch(() => {});
    }
  }

  /** Tries to deliver a message. Returns why that failed. */
  async #attempt(message: Message): Promise<string | undefined> {
    const { clock, post, onNotice } = this.#options;
    const late = new AbortController();
    const timer = clock.after(ATTEMPT_MS, () => late.abort());
    const signal = AbortSignal.any([late.signal, this.#stopped.signal]);
    try {
      const status = await post(message, signal);
      if (status >= 200 && status <= 299) {
        this.#delivered++;
        if (this.#failure !== undefined) onNotice("the webhook takes messages again");
        this.#failure = undefined;
        return undefined;
      }
      this.#isRefused = status === GONE;
      const isElsewhere = status >= 300 && status <= 399;
      const why = isElsewhere ? "; redirects are not followed, so name the final URL" : "";
      return this.#failed(`the server answered with status ${status}${why}`);
    } catch (error) {
      return this.#failed(
        late.signal.aborted
          ? `the server did not answer within ${ATTEMPT_MS / 1_000} s`
          : (error as Error).message,
      );
    } finally {
      timer.cancel();
    }
  }

  /** Notes a failure. The first of a row is logged. */
  #failed(why: string): string {
    const isFirst = this.#failure === undefined;
    this.#failure = why;
    if (isFirst && !this.#isRefused && !this.#stopped.signal.aborted) {
      this.#options.onWarning(`a message to the webhook is not delivered yet: ${why}`);
    }
    return why;
  }

  #refused(): void {
    this.#lost += this.#waiting.length;
    this.#waiting.length = 0;
    this.#failure = "the server wants no more messages (status 410)";
    this.#options.onWarning(
      "the webhook wants no more messages (status 410): none is sent until the daemon starts again",
    );
  }

  /** Removes a message, unless it was dropped meanwhile. Returns whether it was there. */
  #remove(message: Message): boolean {
    if (this.#waiting[0] !== message) return false;
    this.#waiting.shift();
    return true;
  }
}
