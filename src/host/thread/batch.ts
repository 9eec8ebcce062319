/**
 * Write-behind batches: rows that need not be on the disk at once are written together, so that SQLite
 * waits for the disk once a batch and not once a row.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";

/** Options of {@linkcode Batch}. */
export interface BatchOptions<T> {
  clock: Clock;
  /** Writes the collected items, in order of arrival. */
  write: (items: T[]) => void;
  /** Called with the error of a failed `write`. */
  onError: (error: unknown) => void;
}

const DELAY_MS = 1_000;
const MAX_ITEMS = 500;

/** Collects items until 500 are there or the shortest of their delays (1 s by default) has passed. */
export class Batch<T> {
  readonly #options: BatchOptions<T>;
  #items: T[] = [];
  #timer: Timer | undefined;
  #dueMs = 0;

  constructor(options: BatchOptions<T>) {
    this.#options = options;
  }

  /** Adds an item that is written within `withinMs` milliseconds. */
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

  /** Writes the collected items now. Items of a failed write are dropped. */
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
