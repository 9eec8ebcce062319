/**
 * Whom lookups found closest to their targets, so that the next one for the same target begins there.
 * What is announced every hour is looked up for ever; most of those nodes are still there.
 *
 * @module
 */

import { type Clock, concatBytes, toHex } from "../base/mod.ts";
import { compactNode, type KnownContact, parseCompactNodes } from "./compact_nodes.ts";

/** Some 400 bytes each. The one that was longest not looked up is forgotten first. */
const MAX_TARGETS = 32_768;
/** After so long more of them are gone than are worth asking. */
const MAX_AGE_MS = 3 * 3_600_000;

/** Remembers the closest nodes of each target. */
export class Neighbourhoods {
  readonly #clock: Clock;
  readonly #targets = new Map<string, { nodes: Uint8Array; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whom the last lookup of a target (20 bytes) found closest to it; nobody if that was long ago. */
  of(target: Uint8Array): KnownContact[] {
    const known = this.#targets.get(toHex(target));
    if (!known || Math.abs(this.#clock.now() - known.atMs) > MAX_AGE_MS) return [];
    return parseCompactNodes(known.nodes);
  }

  /** Takes in whom a lookup of a target found closest to it. */
  learn(target: Uint8Array, nodes: KnownContact[]): void {
    const key = toHex(target);
    this.#targets.delete(key);
    if (nodes.length === 0) return;
    this.#targets.set(key, {
      nodes: concatBytes(...nodes.map(compactNode)),
      atMs: this.#clock.now(),
    });
    if (this.#targets.size > MAX_TARGETS) this.#targets.delete(this.#targets.keys().next().value!);
  }
}
