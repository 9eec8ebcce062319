/**
 * Counts the nodes of a routing table by their distance from our node.
 *
 * @module
 */

import { sharedBits } from "../../base/mod.ts";
import type { KrpcContact } from "../libraries/mod.ts";

/** The nodes of a routing table that share a prefix of the same length with our id. */
export interface Bucket {
  /** Length of the shared prefix in bits, 0 to 159. A longer prefix is a smaller distance. */
  prefixBits: number;
  nodes: number;
  /**
   * Number of nodes that have answered us, and have answered or asked us in the last 15 minutes (BEP 5:
   * "good").
   */
  good: number;
}

/** Time for which a node that was heard from is good, in milliseconds (BEP 5). */
const GOOD_MS = 15 * 60_000;

/**
 * Groups contacts by the length of the prefix that their ids share with an id.
 *
 * @param id our node id, 20 bytes
 * @param contacts contacts of the routing table. A node has to answer before it is taken in, unless an
 * earlier run knew it; then `seen` is missing until it is heard from
 * @returns the buckets that have nodes, by rising `prefixBits`
 */
export function bucketsOf(
  id: Uint8Array,
  contacts: readonly Pick<KrpcContact, "id" | "seen">[],
  nowMs: number,
): Bucket[] {
  const buckets = new Map<number, Bucket>();
  for (const { id: theirs, seen } of contacts) {
    // Our own id would share all 160 bits.
    const prefixBits = Math.min(sharedBits(id, theirs), id.length * 8 - 1);
    const bucket = buckets.get(prefixBits) ?? { prefixBits, nodes: 0, good: 0 };
    buckets.set(prefixBits, bucket);
    bucket.nodes++;
    // A negative age means that the clock was set back.
    if (seen !== undefined && Math.abs(nowMs - seen) <= GOOD_MS) bucket.good++;
  }
  return [...buckets.values()].sort((a, b) => a.prefixBits - b.prefixBits);
}
