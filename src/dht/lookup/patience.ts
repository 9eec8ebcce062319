/**
 * The waiting time of the queries of one lookup. A query without a reply becomes late after the time
 * that the round-trip estimate allows. The lookup then queries other nodes too.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import type { RttEstimator } from "./rtt_estimator.ts";

/**
 * A group of queries that were sent at the same time. All queries of the group become late at the
 * same time, so they share one timer.
 */
interface Batch {
  timer: Timer;
  sentMs: number;
  /** Time from `sentMs` after which the queries of the group become late, milliseconds. */
  patienceMs: number;
  /**
   * For each query that is neither answered nor late: the function to call when it becomes late.
   */
  onLate: Set<() => void>;
}

/** Tells a lookup which of its queries are late. */
export class Patience {
  readonly #rtt: RttEstimator;
  readonly #clock: Clock;
  readonly #onLate: () => void;
  /** The group that new queries are added to; `undefined` after the current step. */
  #current: Batch | undefined;
  /** The groups with queries that are neither answered nor late. */
  readonly #batches = new Set<Batch>();

  /** @param onLate called after all queries of a group have become late */
  constructor(rtt: RttEstimator, clock: Clock, onLate: () => void) {
    this.#rtt = rtt;
    this.#clock = clock;
    this.#onLate = onLate;
  }

  /**
   * Adds a query that is about to be sent. `onLate` is called when the query becomes late.
   *
   * @returns a function to call when the query is answered
   */
  watch(onLate: () => void): () => void {
    const batch = this.#current ??= this.#start();
    batch.onLate.add(onLate);
    return () => {
      if (batch.onLate.delete(onLate) && batch.onLate.size === 0) this.#end(batch);
    };
  }

  /** Ends the current step: queries from now on have a waiting time of their own. */
  endStep(): void {
    this.#current = undefined;
  }

  /**
   * Shortens the waiting time of all queries, when a reply has shown that the network is faster than
   * expected. Otherwise the first lookup of a process would wait for dead nodes as if every node
   * were far away.
   */
  shorten(): void {
    const { patienceMs } = this.#rtt;
    for (const batch of this.#batches) {
      if (batch.patienceMs <= patienceMs) continue;
      batch.patienceMs = patienceMs;
      batch.timer.cancel();
      const leftMs = Math.max(batch.sentMs + patienceMs - this.#clock.now(), 0);
      batch.timer = this.#clock.after(leftMs, () => this.#tell(batch));
    }
  }

  /** Ends the lookup: no query becomes late any more. */
  stop(): void {
    for (const batch of this.#batches) this.#end(batch);
  }

  #start(): Batch {
    const { patienceMs } = this.#rtt;
    const timer = this.#clock.after(patienceMs, () => this.#tell(batch));
    const batch: Batch = { timer, sentMs: this.#clock.now(), patienceMs, onLate: new Set() };
    this.#batches.add(batch);
    return batch;
  }

  #tell(batch: Batch): void {
    const late = [...batch.onLate];
    this.#end(batch);
    for (const onLate of late) onLate();
    this.#onLate();
  }

  #end(batch: Batch): void {
    batch.timer.cancel();
    batch.onLate.clear();
    this.#batches.delete(batch);
  }
}
