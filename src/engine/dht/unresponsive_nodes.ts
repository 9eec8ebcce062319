/**
 * Remembers DHT nodes whose last query timed out, so that lookups ask them last.
 *
 * @module
 */

import { type Clock, toHex } from "../../base/mod.ts";
import type { Contact } from "../../dht/mod.ts";

/** Time for which a node counts as unresponsive after a timeout. */
const UNRESPONSIVE_MS = 10 * 60_000;
/** Maximum number of unresponsive nodes remembered (LRU). */
const MAX_UNRESPONSIVE = 10_000;

/** The nodes that did not answer, each with the number of consecutive timeouts. */
export class UnresponsiveNodes {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, { count: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a timeout of a node, and returns the number of its consecutive timeouts. */
  add(contact: Contact): number {
    const key = keyOf(contact);
    const count = (this.#nodes.get(key)?.count ?? 0) + 1;
    this.#nodes.delete(key);
    // The entry with the oldest timeout is evicted first. If that node is still dead, its next
    // query times out again.
    if (this.#nodes.size >= MAX_UNRESPONSIVE) {
      this.#nodes.delete(this.#nodes.keys().next().value!);
    }
    this.#nodes.set(key, { count, atMs: this.#clock.now() });
    return count;
  }

  /** Forgets the timeouts of a node, because it has answered. */
  delete(contact: Contact): void {
    this.#nodes.delete(keyOf(contact));
  }

  /** Forgets all timeouts, because the network was at fault. */
  clear(): void {
    this.#nodes.clear();
  }

  /** Whether a query to the node has timed out lately. */
  has(contact: Contact): boolean {
    const entry = this.#nodes.get(keyOf(contact));
    return entry !== undefined && Math.abs(this.#clock.now() - entry.atMs) < UNRESPONSIVE_MS;
  }
}

function keyOf(contact: Contact): string {
  return contact.id ? toHex(contact.id) : `${contact.host}:${contact.port}`;
}
