/**
 * Head starts: lookups that begin before it is certain that their records are needed. The first node
 * that shows a publisher's list already tells which manifest is needed next, if no other node shows a
 * newer list. The lookup of that manifest then runs while the lookup of the list still goes on.
 *
 * A head start decides nothing: the caller uses its outcome only after the lookup before it has ended and
 * has led to the same record.
 *
 * @module
 */

import { toHex } from "../base/mod.ts";
import type { CallOptions, Operations } from "../control/mod.ts";
import type { GetOutcome, ItemKey } from "../dht/mod.ts";
import { type MutableItem, targetOf, verifyItem } from "../records/mod.ts";

/** Event of the operation `lookUp`: a node has shown a newer record than the nodes before it. */
export interface ShownItem {
  item: MutableItem;
}

/** Called with a record that a node has shown, before the lookup has ended. */
export type OnShown = (item: MutableItem) => void;

interface Ahead {
  targetHex: string;
  outcome: Promise<GetOutcome>;
  stop: AbortController;
}

/** At most one lookup ahead of its need: that of the record which is needed next by the latest guess. */
export class HeadStart implements Pick<Operations, "lookUp"> {
  readonly #operations: Pick<Operations, "lookUp">;
  readonly #signal: AbortSignal | undefined;
  #ahead: Ahead | undefined;

  constructor(operations: Pick<Operations, "lookUp">, signal?: AbortSignal) {
    this.#operations = operations;
    this.#signal = signal;
  }

  /**
   * Begins to look a record up, unless that lookup is already ahead. A lookup of another record is
   * aborted.
   */
  begin(key: ItemKey, onShown?: OnShown): void {
    const targetHex = toHex(targetOf(key.publicKey, key.salt));
    if (this.#ahead?.targetHex === targetHex) return;
    this.end();
    const stop = new AbortController();
    const signal = this.#signal ? AbortSignal.any([this.#signal, stop.signal]) : stop.signal;
    const outcome = this.#operations.lookUp(key, { signal, onEvent: eventsFor(onShown) });
    // The caller may never ask for the outcome.
    outcome.catch(() => {});
    this.#ahead = { targetHex, outcome, stop };
  }

  /** Looks a record up. The outcome of a lookup that is ahead is used once. */
  readonly lookUp = (key: ItemKey, options?: CallOptions<ShownItem>): Promise<GetOutcome> => {
    const ahead = this.#ahead;
    if (ahead?.targetHex !== toHex(targetOf(key.publicKey, key.salt))) {
      return this.#operations.lookUp(key, options);
    }
    this.#ahead = undefined;
    return ahead.outcome;
  };

  /** Aborts the lookup that is ahead. */
  end(): void {
    this.#ahead?.stop.abort();
    this.#ahead = undefined;
  }
}

/**
 * Returns a listener for the events of a lookup. It verifies the signature of each record, because the
 * host verified it in another thread or process. A record that `onShown` cannot use is ignored: the
 * lookup itself reports it at its end.
 */
export function eventsFor(onShown: OnShown | undefined): ((event: ShownItem) => void) | undefined {
  return onShown && (({ item }) => {
    if (!verifyItem(item)) return;
    try {
      onShown(item);
    } catch {
      // A malformed record.
    }
  });
}
