/**
 * Cache of the closest nodes that lookups found for each target. A record that is announced every hour
 * is looked up every hour, and most of its nodes are still there, so the next lookup starts from them.
 * The cache also remembers when each node was last sent the record.
 *
 * @module
 */

import { type Clock, equalBytes, toHex } from "../../base/mod.ts";
import { compactNodes, type KnownContact, parseCompactNodes } from "../node/mod.ts";

/** Maximum number of targets, about 900 bytes each; the least recently looked up is evicted first. */
const MAX_TARGETS = 32_768;
/** Maximum age of an entry: by then too many of its nodes have left. */
const MAX_AGE_MS = 3 * 3_600_000;

interface Entry {
  /** Compact node info (BEP 5). */
  nodes: Uint8Array;
  /** When each node was last sent the record, Unix milliseconds; 0 if never or unknown. */
  putMs: Float64Array;
  /** When the lookup ended, Unix milliseconds. */
  atMs: number;
}

/** An LRU cache from target to closest nodes. */
export class ClosestNodesCache {
  readonly #clock: Clock;
  readonly #targets = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of targets with an entry. */
  get size(): number {
    return this.#targets.size;
  }

  /** The closest nodes to a target (20 bytes) in its last lookup; empty if that is too long ago. */
  get(target: Uint8Array): KnownContact[] {
    const known = this.#targets.get(toHex(target));
    return known && this.#ageMs(known.atMs) <= MAX_AGE_MS ? parseCompactNodes(known.nodes) : [];
  }

  /** Stores the closest nodes that a lookup of a target found. */
  set(target: Uint8Array, nodes: KnownContact[]): void {
    const key = toHex(target);
    const before = this.#targets.get(key);
    this.#targets.delete(key);
    if (nodes.length === 0) return;
    const putMs = new Float64Array(nodes.length);
    if (before) nodes.forEach(({ id }, i) => putMs[i] = before.putMs[indexOf(before, id)] ?? 0);
    this.#targets.set(key, {
      nodes: compactNodes(nodes),
      putMs,
      atMs: this.#clock.now(),
    });
    // Least recently used entries come first. Expired ones are dropped even if there is room.
    for (const [oldest, { atMs }] of this.#targets) {
      if (this.#targets.size <= MAX_TARGETS && this.#ageMs(atMs) <= MAX_AGE_MS) break;
      this.#targets.delete(oldest);
    }
  }

  /** Notes that a node, by its id (20 bytes), was sent the record of a target just now. */
  notePut(target: Uint8Array, id: Uint8Array): void {
    const known = this.#targets.get(toHex(target));
    const at = known ? indexOf(known, id) : -1;
    if (at !== -1) known!.putMs[at] = this.#clock.now();
  }

  /** Milliseconds since a node was last sent the record of a target; infinite if unknown. */
  sincePutMs(target: Uint8Array, id: Uint8Array): number {
    const known = this.#targets.get(toHex(target));
    return this.#ageMs(known?.putMs[indexOf(known, id)] || -Infinity);
  }

  /** Milliseconds since a time. A time in the future, after the clock was set back, counts as infinitely old. */
  #ageMs(atMs: number): number {
    const ageMs = this.#clock.now() - atMs;
    return ageMs < 0 ? Infinity : ageMs;
  }
}

const NODE_BYTES = 26;

/** Index of the node with an id; -1 if the entry has none. */
function indexOf({ nodes }: Entry, id: Uint8Array): number {
  for (let at = 0; at < nodes.length; at += NODE_BYTES) {
    if (equalBytes(nodes.subarray(at, at + id.length), id)) return at / NODE_BYTES;
  }
  return -1;
}
