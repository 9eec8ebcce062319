/**
 * A fake clock that advances only on request, so that a test of a month takes seconds.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../../src/base/mod.ts";

/** Maximum number of turns of a real millisecond in which {@linkcode FakeClock.until} waits for files. */
const MAX_IDLE_TURNS = 60_000;

interface Alarm {
  atMs: number;
  /**
   * Sequence number of a timer: timers due in the same millisecond fire in the order of their
   * creation.
   */
  number: number;
  fire: (() => void) | undefined;
}

/** Runs all pending promise callbacks. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A {@linkcode Clock} whose time advances only when a test calls {@linkcode FakeClock.advance}. A timer that
 * is due at once needs no call: it fires by itself, after the pending promise callbacks. A program that sets
 * one after it has read a file would otherwise wait forever where the disk was slower than the test.
 */
export class FakeClock implements Clock {
  #nowMs: number;
  #count = 0;
  #live = 0;
  readonly #alarms: Alarm[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): Timer {
    const alarm: Alarm = {
      atMs: this.#nowMs + Math.max(delayMs, 0),
      number: this.#count++,
      fire: () => {
        this.#live--;
        fire();
      },
    };
    this.#live++;
    this.#push(alarm);
    if (delayMs <= 0) setImmediate(() => this.#fireDue());
    return {
      cancel: () => {
        if (!alarm.fire) return;
        alarm.fire = undefined;
        this.#live--;
      },
    };
  }

  /** Number of pending timers. */
  get timers(): number {
    return this.#live;
  }

  /** Milliseconds until the next timer fires, or `undefined` if none is pending. */
  get nextMs(): number | undefined {
    while (this.#alarms[0] && !this.#alarms[0].fire) this.#pop();
    return this.#alarms[0] && this.#alarms[0].atMs - this.#nowMs;
  }

  /**
   * Advances the time by `ms`. Fires each timer at its due time, and lets promises settle after it.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (let first = this.#alarms[0]; first && first.atMs <= untilMs; first = this.#alarms[0]) {
      this.#nowMs = Math.max(first.atMs, this.#nowMs);
      if (this.#fireDue()) await settle();
    }
    this.#nowMs = untilMs;
  }

  /** Fires the timers that are due; returns whether there was one. */
  #fireDue(): boolean {
    let fired = false;
    while (this.#alarms[0] && this.#alarms[0].atMs <= this.#nowMs) {
      const alarm = this.#pop();
      const { fire } = alarm;
      alarm.fire = undefined;
      fire?.();
      fired ||= fire !== undefined;
    }
    return fired;
  }

  /**
   * Advances the time until the promise has settled, by at most `limitMs` milliseconds. If no timer is
   * pending, waits for the files that the program may be reading.
   */
  async until<T>(promise: Promise<T>, limitMs = 600_000): Promise<T> {
    let settled = false;
    const done = () => settled = true;
    promise.then(done, done);
    const untilMs = this.#nowMs + limitMs;
    await settle();
    for (let idle = 0; !settled;) {
      const { nextMs = Infinity } = this;
      if (this.#nowMs + nextMs <= untilMs) {
        await this.advance(nextMs);
        idle = 0;
      } else if (nextMs < Infinity || idle++ > MAX_IDLE_TURNS) {
        throw new Error(`The promise has not settled after ${limitMs} ms`);
      } else await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return await promise;
  }

  /**
   * Sets the time of day, as after suspension or a correction of the clock, without affecting
   * timers.
   */
  jump(ms: number): void {
    this.#nowMs += ms;
    for (const alarm of this.#alarms) alarm.atMs += ms;
  }

  #push(alarm: Alarm): void {
    const heap = this.#alarms;
    let at = heap.push(alarm) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #pop(): Alarm {
    const heap = this.#alarms;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      }
      if (least === at) return first;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

function before(a: Alarm, b: Alarm): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}
