/**
 * Lookups of the last ten seconds. A record that is read, merged and put is looked up only once:
 * the put reuses the replies of the get. If a node has stored another item in the meantime, the
 * node refuses the put with an error (BEP 44, errors 301 and 302).
 *
 * @module
 */

import { type Clock, setNewest, toHex } from "../../base/mod.ts";
import type { LookupResult } from "./lookup.ts";

/**
 * Maximum age of a lookup that can be reused. The write tokens of a lookup are valid for minutes,
 * but the items that it found become outdated sooner.
 */
const MAX_AGE_MS = 10_000;
/** Maximum number of lookups in memory, about 10 kB each. */
const MAX_LOOKUPS = 32;

/** Recent lookups by local node and target. A lookup is removed when it is reused. */
export class RecentLookups {
  readonly #clock: Clock;
  readonly #lookups = new Map<string, { result: LookupResult; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Stores a lookup of a target (20 bytes) that ran through a local node, given by its id (20
   * bytes).
   */
  keep(nodeId: Uint8Array, target: Uint8Array, result: LookupResult): void {
    const key = toHex(nodeId) + toHex(target);
    setNewest(this.#lookups, key, { result, atMs: this.#clock.now() }, MAX_LOOKUPS);
  }

  /** Removes and returns the last lookup of a target; `undefined` if there is none or it is too old. */
  take(nodeId: Uint8Array, target: Uint8Array): LookupResult | undefined {
    const key = toHex(nodeId) + toHex(target);
    const known = this.#lookups.get(key);
    this.#lookups.delete(key);
    const isRecent = known && Math.abs(this.#clock.now() - known.atMs) <= MAX_AGE_MS;
    return isRecent ? known.result : undefined;
  }
}
