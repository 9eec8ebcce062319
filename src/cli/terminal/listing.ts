/**
 * Adds what a command publishes to its publisher's list, several packages at a time: the list is made
 * anew each time, which takes longer the longer it is.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Published } from "../../publishing/mod.ts";

/** Least time between the end of one addition and the next, milliseconds. */
const LEAST_MS = 1_000;
/** And in comparison with how long it took: four fifths of the time are for publishing. */
const LEAST_TIMES = 4;

/** Packages that are published and not told of yet. */
export class Listing {
  readonly #clock: Clock;
  readonly #add: (published: readonly Published[]) => Promise<void>;
  readonly #listed: (published: Published) => void;
  readonly #failed: (error: unknown, count: number) => void;
  #pending: Published[] = [];
  #dueMs: number;

  /**
   * @param add adds packages to the publisher's list
   * @param listed hears of each package that is in it
   * @param failed hears of what `add` threw, and how many packages it was about
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
    this.#dueMs = clock.now() + LEAST_MS;
  }

  /** Takes a package, and adds all that it has if it is time. */
  async take(published: Published): Promise<void> {
    this.#pending.push(published);
    if (this.#clock.now() >= this.#dueMs) await this.flush();
  }

  /** Adds what there is. */
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
      this.#dueMs = endedMs + Math.max(LEAST_MS, LEAST_TIMES * (endedMs - begunMs));
    }
    some.forEach(this.#listed);
  }
}
