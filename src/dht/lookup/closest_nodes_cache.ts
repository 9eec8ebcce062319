/**
 * Whom lookups found closest to their targets, so that the next one for the same target begins there,
 * and when each of them was put the record to last. What is announced every hour is looked up for
 * ever; most of those nodes are still there.
 *
 * @module
 */

import { type Clock, equalBytes, toHex } from "../../base/mod.ts";
import { compactNodes, type KnownContact, parseCompactNodes } from "../node/mod.ts";

/** Some 900 bytes each. The one that was longest not looked up is forgotten first. */
const MAX_TARGETS = 32_768;
/** After so long more of them are gone than are worth asking. */
const MAX_AGE_MS = 3 * 3_600_000;

interface Neighbourhood {
  /** Compact node info (BEP 5). */
  nodes: Uint8Array;
  /** When each node was put to last, Unix milliseconds; 0 if it was not, or that is not known. */
  putMs: Float64Array;
  /** When they were looked up, Unix milliseconds. */
  atMs: number;
}

/** Remembers the closest nodes of each target. */
export class ClosestNodesCache {
  readonly #clock: Clock;
  readonly #targets = new Map<string, Neighbourhood>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of how many targets it knows anybody. */
  get size(): number {
    return this.#targets.size;
  }

  /** Whom the last lookup of a target (20 bytes) found closest to it; nobody if that was long ago. */
  of(target: Uint8Array): KnownContact[] {
    const known = this.#targets.get(toHex(target));
    return known && this.#ageMs(known.atMs) <= MAX_AGE_MS ? parseCompactNodes(known.nodes) : [];
  }

  /** Takes in whom a lookup of a target found closest to it. */
  learn(target: Uint8Array, nodes: KnownContact[]): void {
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
    // The oldest come first. What nobody looks up any more is not kept until there is no room.
    for (const [oldest, { atMs }] of this.#targets) {
      if (this.#targets.size <= MAX_TARGETS && this.#ageMs(atMs) <= MAX_AGE_MS) break;
      this.#targets.delete(oldest);
    }
  }

  /** Takes in that a node, by its id (20 bytes), was put the record of a target to just now. */
  learnPut(target: Uint8Array, id: Uint8Array): void {
    const known = this.#targets.get(toHex(target));
    const at = known ? indexOf(known, id) : -1;
    if (at !== -1) known!.putMs[at] = this.#clock.now();
  }

  /** How long ago, milliseconds, a node was put the record to; infinite if that is not known. */
  sincePutMs(target: Uint8Array, id: Uint8Array): number {
    const known = this.#targets.get(toHex(target));
    return this.#ageMs(known?.putMs[indexOf(known, id)] || -Infinity);
  }

  /** A time that is yet to come, after the clock was set back, is infinitely long ago. */
  #ageMs(atMs: number): number {
    const ageMs = this.#clock.now() - atMs;
    return ageMs < 0 ? Infinity : ageMs;
  }
}

const NODE_BYTES = 26;

/** Which node of a neighbourhood has an id; -1 for none. */
function indexOf({ nodes }: Neighbourhood, id: Uint8Array): number {
  for (let at = 0; at < nodes.length; at += NODE_BYTES) {
    if (equalBytes(nodes.subarray(at, at + id.length), id)) return at / NODE_BYTES;
  }
  return -1;
}
