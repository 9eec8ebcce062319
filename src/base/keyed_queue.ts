/**
 * Queues of asynchronous work by key. Work of the same key runs one after another; work of
 * different keys runs concurrently.
 *
 * @module
 */

/** Queues of asynchronous work by key. A key with an empty queue uses no memory. */
export class KeyedQueue {
  /** Promise of the last queued work of each key. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Runs `work` after all earlier work of the same key has ended, successfully or not.
   *
   * @throws the error of `work`
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
