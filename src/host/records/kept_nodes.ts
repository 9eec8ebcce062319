/**
 * The DHT nodes that the engine knows, kept for the next start: whoever remembers them needs no
 * bootstrap node, and finds its way back where names cannot be looked up.
 *
 * @module
 */

import { type Clock, delay, every, fromHex, type Timer, toHex } from "../../base/mod.ts";
import type { Contact } from "../../dht/mod.ts";
import type { DhtNodesTable } from "../../store/mod.ts";

/** How often they are kept, milliseconds. */
const SAVE_MS = 5 * 60_000;

/** How long the worker may take to name the nodes that it knows. */
const ANSWER_MS = 1_000;

/** What {@linkcode KeptNodes} works with. */
export interface KeptNodesOptions {
  table: Pick<DhtNodesTable, "loadNodes" | "replaceNodes">;
  clock: Clock;
  onWarning: (message: string) => void;
}

/** The nodes of the last run, and those of this one. */
export class KeptNodes {
  readonly #options: KeptNodesOptions;
  #knownNodes: (() => Promise<Contact[]>) | undefined;
  #timer: Timer | undefined;

  constructor(options: KeptNodesOptions) {
    this.#options = options;
  }

  /** Those that were kept last. */
  load(): Contact[] {
    return this.#options.table.loadNodes()
      .map(({ host, port, idHex }) => ({ host, port, id: fromHex(idHex) }));
  }

  /** Keeps what `knownNodes` names, again and again until {@linkcode KeptNodes.stop}. */
  start(knownNodes: () => Promise<Contact[]>): void {
    this.#knownNodes = knownNodes;
    this.#timer = every(this.#options.clock, SAVE_MS, () => void this.#keep());
  }

  /** Keeps them a last time. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#keep();
  }

  async #keep(): Promise<void> {
    const { table, clock, onWarning } = this.#options;
    try {
      const seenMs = clock.now();
      // A thread that died answers nobody.
      const answered = new AbortController();
      const late = delay(clock, ANSWER_MS, answered.signal).catch(() => {});
      const nodes: Contact[] = await Promise.race([
        this.#knownNodes?.() ?? [],
        late.then(() => []),
      ]).finally(() => answered.abort());
      // A network that went away must not cost us the nodes that we knew.
      if (nodes.length === 0) return;
      table.replaceNodes(
        nodes.map(({ host, port, id }) => ({ host, port, idHex: toHex(id!), seenMs })),
      );
    } catch (error) {
      onWarning(`the DHT nodes were not kept: ${(error as Error).message}`);
    }
  }
}
