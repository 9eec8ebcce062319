/**
 * Saves the nodes of the routing table for the next start, which then needs no bootstrap node and no
 * name lookup.
 *
 * @module
 */

import { type Clock, delay, every, fromHex, type Timer, toHex } from "../../base/mod.ts";
import type { Contact } from "../../dht/mod.ts";
import type { DhtNodesTable } from "../../store/mod.ts";

/** Interval between saves (ms). */
const SAVE_MS = 5 * 60_000;

/** Time limit for the worker to list its nodes (ms). */
const ANSWER_MS = 1_000;

/** Options of {@linkcode KeptNodes}. */
export interface KeptNodesOptions {
  table: Pick<DhtNodesTable, "loadNodes" | "replaceNodes">;
  clock: Clock;
  onWarning: (message: string) => void;
}

/** Loads the nodes of the last run and saves those of this one. */
export class KeptNodes {
  readonly #options: KeptNodesOptions;
  #knownNodes: (() => Promise<Contact[]>) | undefined;
  #timer: Timer | undefined;

  constructor(options: KeptNodesOptions) {
    this.#options = options;
  }

  /** Loads the saved nodes. */
  load(): Contact[] {
    return this.#options.table.loadNodes()
      .map(({ host, port, idHex }) => ({ host, port, id: fromHex(idHex) }));
  }

  /** Saves the nodes of `knownNodes` periodically until {@linkcode KeptNodes.stop}. */
  start(knownNodes: () => Promise<Contact[]>): void {
    this.#knownNodes = knownNodes;
    this.#timer = every(this.#options.clock, SAVE_MS, () => void this.#keep());
  }

  /** Saves the nodes a last time. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#keep();
  }

  async #keep(): Promise<void> {
    const { table, clock, onWarning } = this.#options;
    try {
      const seenMs = clock.now();
      // A thread that died does not answer, so the wait has a limit.
      const answered = new AbortController();
      const late = delay(clock, ANSWER_MS, answered.signal).catch(() => {});
      const nodes: Contact[] = await Promise.race([
        this.#knownNodes?.() ?? [],
        late.then(() => []),
      ]).finally(() => answered.abort());
      // An empty list, as without a network, must not overwrite the saved nodes.
      if (nodes.length === 0) return;
      table.replaceNodes(
        nodes.map(({ host, port, id }) => ({ host, port, idHex: toHex(id!), seenMs })),
      );
    } catch (error) {
      onWarning(`the DHT nodes were not saved: ${(error as Error).message}`);
    }
  }
}
