/**
 * The running operations of the worker thread, by the number that the command's thread chose, so that
 * it can cancel them.
 *
 * @module
 */

/** Runs operations that can be cancelled by number. */
export class RunningOperations {
  readonly #running = new Map<number, AbortController>();

  /** Runs an operation. Its signal aborts when the operation is cancelled. */
  async run<T>(operation: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.set(operation, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#running.delete(operation);
    }
  }

  /** Cancels an operation; does nothing if it has ended. */
  cancel(operation: number): void {
    this.#running.get(operation)?.abort();
  }

  /** Cancels all operations. */
  cancelAll(): void {
    for (const controller of this.#running.values()) controller.abort();
  }
}
