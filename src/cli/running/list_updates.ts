/**
 * Adds published packages to the publisher's list of packages, in batches. Each update signs and
 * stores the whole list again, so one update for many packages saves time.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Published } from "../../publishing/mod.ts";

/** Minimum pause between two updates of the list, in milliseconds. */
const MIN_PAUSE_MS = 1_000;
/**
 * Minimum pause between two updates of the list, as a multiple of the duration of the last update.
 * Updates thus take at most 20 % of the time.
 */
const MIN_PAUSE_FACTOR = 4;

/** A queue of published packages that are not yet in the publisher's list. */
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
   * @param failed called if `add` throws, with the error and the number of packages in the batch
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

  /** Queues a package. Updates the list if the minimum pause since the last update is over. */
  async take(published: Published): Promise<void> {
    this.#pending.push(published);
    if (this.#clock.now() >= this.#dueMs) await this.flush();
  }

  /** Adds all queued packages to the list, without waiting for the minimum pause. */
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
