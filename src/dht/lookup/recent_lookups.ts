/**
 * What nodes showed a moment ago: a record that is read, merged and put need not be looked up twice. What
 * a node was put since it answered it tells when it is put to (BEP 44, errors 301 and 302).
 *
 * @module
 */

import { type Clock, toHex } from "../../base/mod.ts";
import type { LookupResult } from "./lookup.ts";

/** Tokens are good for some minutes; the answers are to be fresh. */
const MAX_AGE_MS = 10_000;
/** Some 10 kB each. */
const MAX_LOOKUPS = 32;

/** The last lookups for records. */
export class RecentLookups {
  readonly #clock: Clock;
  readonly #lookups = new Map<string, { result: LookupResult; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps what a lookup of a target (20 bytes) through a node of ours (its id) has found. */
  keep(nodeId: Uint8Array, target: Uint8Array, result: LookupResult): void {
    const key = toHex(nodeId) + toHex(target);
    this.#lookups.delete(key);
    this.#lookups.set(key, { result, atMs: this.#clock.now() });
    if (this.#lookups.size > MAX_LOOKUPS) {
      this.#lookups.delete(this.#lookups.keys().next().value!);
    }
  }

  /** What the last one found, if that was a moment ago; once. */
  take(nodeId: Uint8Array, target: Uint8Array): LookupResult | undefined {
    const key = toHex(nodeId) + toHex(target);
    const known = this.#lookups.get(key);
    this.#lookups.delete(key);
    const isRecent = known && Math.abs(this.#clock.now() - known.atMs) <= MAX_AGE_MS;
    return isRecent ? known.result : undefined;
  }
}
