/**
 * Cache of the closest nodes that lookups found for each target. A record that is announced every
 * hour is looked up every hour, and most of its nodes are still in the network, so the next lookup
 * starts from the cached nodes. The cache also remembers when each node was last sent the record.
 *
 * @module
 */

import {
  type Clock,
  compactNodeBytes,
  compactNodes,
  equalBytes,
  type Family,
  type KnownContact,
  parseCompactNodes,
  toHex,
} from "../../base/mod.ts";

/**
 * Maximum number of targets in the cache, about 900 bytes each (1,000 for IPv6). The least recently
 * used is evicted first.
 */
const MAX_TARGETS = 32_768;
/** Maximum age of an entry. Of the nodes in an older entry, too many have left the network. */
const MAX_AGE_MS = 3 * 3_600_000;

interface Entry {
  /** The nodes that the lookup found closest to the target, as compact node info (BEP 5). */
  nodes: Uint8Array;
  /** Times at which each node was last sent the record, Unix milliseconds; 0 if never or unknown. */
  putMs: Float64Array;
  /** Time at which the lookup ended, Unix milliseconds. */
  atMs: number;
}

/** An LRU cache that maps a target to the closest nodes, of one family, of its last lookup. */
export class ClosestNodesCache {
  readonly #clock: Clock;
  readonly #family: Family;
  readonly #targets = new Map<string, Entry>();

  constructor(clock: Clock, family: Family) {
    this.#clock = clock;
    this.#family = family;
  }

  /** Number of targets in the cache. */
  get size(): number {
    return this.#targets.size;
  }

  /**
   * Returns the closest nodes that the last lookup of a target (20 bytes) found; empty if the entry
   * is missing or has expired.
   */
  get(target: Uint8Array): KnownContact[] {
    const known = this.#targets.get(toHex(target));
    if (!known || this.#ageMs(known.atMs) > MAX_AGE_MS) return [];
    return parseCompactNodes(known.nodes, this.#family);
  }

  /** Stores the closest nodes that a lookup of a target found. */
  set(target: Uint8Array, nodes: KnownContact[]): void {
    const key = toHex(target);
    const before = this.#targets.get(key);
    this.#targets.delete(key);
    if (nodes.length === 0) return;
    const putMs = new Float64Array(nodes.length);
    if (before) {
      nodes.forEach(({ id }, i) => putMs[i] = before.putMs[this.#indexOf(before, id)] ?? 0);
    }
    this.#targets.set(key, {
      nodes: compactNodes(nodes, this.#family),
      putMs,
      atMs: this.#clock.now(),
    });
    // Least recently used entries come first. Expired entries are removed even if the cache is not
    // full.
    for (const [oldest, { atMs }] of this.#targets) {
      if (this.#targets.size <= MAX_TARGETS && this.#ageMs(atMs) <= MAX_AGE_MS) break;
      this.#targets.delete(oldest);
    }
  }

  /** Records that a node, given by its id (20 bytes), was just sent the record of a target. */
  notePut(target: Uint8Array, id: Uint8Array): void {
    const known = this.#targets.get(toHex(target));
    const at = known ? this.#indexOf(known, id) : -1;
    if (at !== -1) known!.putMs[at] = this.#clock.now();
  }

  /**
   * Returns the milliseconds since a node was last sent the record of a target; infinite if
   * unknown.
   */
  sincePutMs(target: Uint8Array, id: Uint8Array): number {
    const known = this.#targets.get(toHex(target));
    return this.#ageMs(known?.putMs[this.#indexOf(known, id)] || -Infinity);
  }

  /**
   * Returns the milliseconds since a time; infinite for a future time, which occurs after the clock
   * was set back.
   */
  #ageMs(atMs: number): number {
    const ageMs = this.#clock.now() - atMs;
    return ageMs < 0 ? Infinity : ageMs;
  }

  /**
   * Returns the position of a node, given by its id, in the node list of a cache entry; -1 if the
   * list does not have the node.
   */
  #indexOf({ nodes }: Entry, id: Uint8Array): number {
    const nodeBytes = compactNodeBytes(this.#family);
    for (let at = 0; at < nodes.length; at += nodeBytes) {
      if (equalBytes(nodes.subarray(at, at + id.length), id)) return at / nodeBytes;
    }
    return -1;
  }
}
