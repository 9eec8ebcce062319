/**
 * A queue that takes and removes in constant time, and gives the memory of what was removed back.
 *
 * @module
 */

/** Number of removed items from which on their memory is given back, if they are half of all. */
const MAX_REMOVED = 1_024;

/** A first-in, first-out queue. */
export class Fifo<T> {
  #items: T[] = [];
  #removed = 0;

  get length(): number {
    return this.#items.length - this.#removed;
  }

  /** The item that was added first; `undefined` if there is none. */
  get first(): T | undefined {
    return this.#items[this.#removed];
  }

  add(item: T): void {
    this.#items.push(item);
  }

  /** Removes the first item, which must exist. */
  remove(): void {
    if (++this.#removed === this.#items.length) this.#items.length = this.#removed = 0;
    else if (this.#removed >= MAX_REMOVED && this.#removed * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#removed);
      this.#removed = 0;
    }
  }
}
