/**
 * Watches whether any DHT node responds, which tells a working DHT from an open socket without a network.
 * `dht_host.ts` acts on it.
 *
 * @module
 */

import type { Krpc, KrpcError } from "../libraries/mod.ts";

/**
 * Consecutive timeouts after which the DHT counts as silent. With four in five nodes dead, this happens by
 * chance once in 1.5 million runs of queries.
 */
const MAX_TIMEOUTS = 64;

/** Watches the queries of our node. The DHT counts as silent until the first response. */
export class Liveness {
  readonly #onChange: (silent: boolean) => void;
  #isSilent = true;
  #timeouts = 0;

  /** @param onChange called when the DHT falls silent or responds again */
  constructor(onChange: (silent: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Whether no node responds. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Counts how a query ended: with an error, or with none. */
  count(error: KrpcError | null): void {
    // An error reply, or a reply under another id, is a response too.
    const isAnswer = !error || typeof error.code === "number" || error.code === "EUNEXPECTEDNODE";
    if (isAnswer) this.#responded();
    else if (++this.#timeouts >= MAX_TIMEOUTS) this.#set(true);
  }

  /** Counts an empty routing table as silence from now on. */
  watch(nodes: Krpc["nodes"]): void {
    nodes.on("removed", () => {
      if (nodes.count() === 0) this.#set(true);
    });
  }

  /** Resets to silent for a new socket, without calling `onChange`. */
  reset(): void {
    this.#isSilent = true;
    this.#timeouts = 0;
  }

  #responded(): void {
    this.#timeouts = 0;
    this.#set(false);
  }

  #set(silent: boolean): void {
    if (silent === this.#isSilent) return;
    this.#isSilent = silent;
    this.#onChange(silent);
  }
}
