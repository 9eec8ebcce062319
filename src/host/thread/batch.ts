/**
 * Collects rows and writes them to the database in batches. SQLite then waits for the disk once for each
 * batch, not once for each row. Suitable for rows that may be lost in a crash.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";

/** Options of {@linkcode Batch}. */
export interface BatchOptions<T> {
  clock: Clock;
  /** Writes the collected items, which are in the order of {@linkcode Batch.add}. */
  write: (items: T[]) => void;
  /** Called with the error if `write` throws. */
  onError: (error: unknown) => void;
}

const DELAY_MS = 1_000;
const MAX_ITEMS = 500;

/**
 * Collects items and writes them together: when 500 items are collected, or when the shortest delay of an
 * item (default: 1 s) has passed.
 */
export class Batch<T> {
  readonly #options: BatchOptions<T>;
  #items: T[] = [];
  #timer: Timer | undefined;
  #dueMs = 0;

  constructor(options: BatchOptions<T>) {
    this.#options = options;
  }

  /** Adds an item, which will be written within `withinMs` milliseconds. */
  add(item: T, withinMs = DELAY_MS): void {
    const { clock } = this.#options;
    const dueMs = clock.now() + withinMs;
    this.#items.push(item);
    if (this.#items.length >= MAX_ITEMS) return this.flush();
    if (this.#timer && this.#dueMs <= dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = clock.after(withinMs, () => this.flush());
  }

  /** Writes the collected items now. If the write fails, the items are dropped. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    try {
      this.#options.write(items);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
