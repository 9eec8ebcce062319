/**
 * Detects whether any DHT node responds to our queries. An open UDP socket alone does not show
 * that, because it stays open without a network. `dht_host.ts` reacts to changes.
 *
 * @module
 */

import type { Krpc, KrpcError } from "../libraries/mod.ts";

/**
 * Number of consecutive timeouts after which the DHT counts as silent. If four in five nodes are
 * dead, a run of 64 timeouts by chance has a probability of one in 1.5 million.
 */
const MAX_TIMEOUTS = 64;

/** Tracks whether our queries are answered. The DHT counts as silent until the first response. */
export class Liveness {
  readonly #onChange: (silent: boolean) => void;
  #isSilent = true;
  #timeouts = 0;

  /** @param onChange called when the DHT falls silent or responds again */
  constructor(onChange: (silent: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Whether the DHT is silent: no node responds. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Counts the outcome of a query; `error` is `null` if a reply was received. */
  count(error: KrpcError | null): void {
    // An error reply, or a reply with another node id than expected, proves a working network too.
    const isAnswer = !error || typeof error.code === "number" || error.code === "EUNEXPECTEDNODE";
    if (isAnswer) this.#responded();
    else if (++this.#timeouts >= MAX_TIMEOUTS) this.#set(true);
  }

  /** From now on, counts the DHT as silent whenever its routing table becomes empty. */
  watch(nodes: Krpc["nodes"]): void {
    nodes.on("removed", () => {
      if (nodes.count() === 0) this.#set(true);
    });
  }

  /** Resets the state to silent for a new socket, without calling `onChange`. */
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
