/**
 * Puts off writing what need not be on the disk at once: the system waits for the disk once a batch,
 * not once a row.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";

/** Options of {@linkcode Batch}. */
export interface BatchOptions<T> {
  clock: Clock;
  /** Writes what has come together, in the order in which it came. */
  write: (items: T[]) => void;
  /** Hears what `write` threw. */
  onError: (error: unknown) => void;
}

const DELAY_MS = 1_000;
const MAX_ITEMS = 500;

/** Collects items for a second, or as long as each may wait, or until there are 500. */
export class Batch<T> {
  readonly #options: BatchOptions<T>;
  #items: T[] = [];
  #timer: Timer | undefined;
  #dueMs = 0;

  constructor(options: BatchOptions<T>) {
    this.#options = options;
  }

  /** Adds an item, to be written within so many milliseconds. */
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

  /** Writes what is there, now. If that fails it is not tried again. */
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
