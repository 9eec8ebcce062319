/**
 * Saves the DHT nodes of the routing table. With the saved nodes, the next start joins the DHT without
 * bootstrap nodes and DNS.
 *
 * @module
 */

import { type Clock, delay, every, fromHex, type Timer, toHex } from "../../base/mod.ts";
import type { Contact } from "../../dht/mod.ts";
import type { DhtNodesTable } from "../../store/mod.ts";

/** Interval at which the DHT nodes of the routing table are saved (ms). */
const SAVE_MS = 5 * 60_000;

/** Time limit for the worker to return its list of DHT nodes (ms). */
const ANSWER_MS = 1_000;

/** Options of {@linkcode KeptNodes}. */
export interface KeptNodesOptions {
  table: Pick<DhtNodesTable, "loadNodes" | "replaceNodes">;
  clock: Clock;
  onWarning: (message: string) => void;
}

/** Loads the DHT nodes that the last run saved, and saves the nodes of this run. */
export class KeptNodes {
  readonly #options: KeptNodesOptions;
  #knownNodes: (() => Promise<Contact[]>) | undefined;
  #timer: Timer | undefined;

  constructor(options: KeptNodesOptions) {
    this.#options = options;
  }

  /** Loads the DHT nodes that an earlier run saved. */
  load(): Contact[] {
    return this.#options.table.loadNodes()
      .map(({ host, port, idHex }) => ({ host, port, id: fromHex(idHex) }));
  }

  /**
   * Starts to save DHT nodes periodically, until {@linkcode KeptNodes.stop}.
   *
   * @param knownNodes returns the DHT nodes to save
   */
  start(knownNodes: () => Promise<Contact[]>): void {
    this.#knownNodes = knownNodes;
    this.#timer = every(this.#options.clock, SAVE_MS, () => void this.#keep());
  }

  /** Saves the DHT nodes a last time and stops. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#keep();
  }

  async #keep(): Promise<void> {
    const { table, clock, onWarning } = this.#options;
    try {
      const seenMs = clock.now();
      // A time limit applies to the worker's answer, because a dead worker thread does not answer.
      const answered = new AbortController();
      const late = delay(clock, ANSWER_MS, answered.signal).catch(() => {});
      const nodes: Contact[] = await Promise.race([
        this.#knownNodes?.() ?? [],
        late.then(() => []),
      ]).finally(() => answered.abort());
      // Without a network, the worker may return no nodes. An empty list must not overwrite the saved
      // nodes.
      if (nodes.length === 0) return;
      table.replaceNodes(
        nodes.map(({ host, port, id }) => ({ host, port, idHex: toHex(id!), seenMs })),
      );
    } catch (error) {
      onWarning(`the DHT nodes were not saved: ${(error as Error).message}`);
    }
  }
}
