/**
 * Batches additions to a publisher's list of packages. Each update signs and stores the whole list
 * again, so many packages are added in one update.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Published } from "../../publishing/mod.ts";

/** Minimum pause between two updates, milliseconds. */
const MIN_PAUSE_MS = 1_000;
/**
 * Minimum pause as a multiple of the last update's duration: at most 20 % of the time are updates.
 */
const MIN_PAUSE_FACTOR = 4;

/** The packages of one command that are published but not in the list yet. */
export class ListUpdates {
  readonly #clock: Clock;
  readonly #add: (published: readonly Published[]) => Promise<void>;
  readonly #listed: (published: Published) => void;
  readonly #failed: (error: unknown, count: number) => void;
  #pending: Published[] = [];
  #dueMs: number;

  /**
   * @param add adds packages to the publisher's list
   * @param listed called for each package after it was added to the list
   * @param failed called with the error that `add` threw and the number of packages in that batch
   */
  constructor(
    clock: Clock,
    add: (published: readonly Published[]) => Promise<void>,
    listed: (published: Published) => void,
    failed: (error: unknown, count: number) => void,
  ) {
    this.#clock = clock;
    this.#add = add;
    this.#listed = listed;
    this.#failed = failed;
    this.#dueMs = clock.now() + MIN_PAUSE_MS;
  }

  /** Queues a package, and updates the list if the pause is over. */
  async take(published: Published): Promise<void> {
    this.#pending.push(published);
    if (this.#clock.now() >= this.#dueMs) await this.flush();
  }

  /** Adds all queued packages to the list now. */
  async flush(): Promise<void> {
    const some = this.#pending;
    this.#pending = [];
    if (some.length === 0) return;
    const begunMs = this.#clock.now();
    try {
      await this.#add(some);
    } catch (error) {
      return this.#failed(error, some.length);
    } finally {
      const endedMs = this.#clock.now();
      this.#dueMs = endedMs + Math.max(MIN_PAUSE_MS, MIN_PAUSE_FACTOR * (endedMs - begunMs));
    }
    some.forEach(this.#listed);
  }
}
