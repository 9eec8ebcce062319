/**
 * A queue for each key: work on the same key runs one after the other, work on different keys at once.
 *
 * @module
 */

/** Queues of work by key. A key without work takes no memory. */
export class KeyedQueue {
  /** The last work of each key. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Does the work after all earlier work of the key has ended, whether that failed or not.
   *
   * @throws whatever the work throws
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = (async () => {
      await before?.catch(() => {});
      return await work();
    })();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
