/**
 * The routing table by distance, as rows of a bar chart: one row for each length of the shared prefix.
 *
 * @module
 */

import type { BucketJson } from "../../control/mod.ts";

/** A row of the chart: a prefix length, or a run of lengths without nodes. */
export interface BucketRow {
  /** First and last prefix length of the row, bits; equal unless the row stands for a run without nodes. */
  fromBits: number;
  toBits: number;
  nodes: number;
  good: number;
}

/** Runs of empty buckets up to this length are shown one by one; a longer run becomes one row. */
const MAX_EMPTY_ROWS = 3;

/**
 * Makes the rows, from prefix 0 to the longest prefix with nodes. The number of rows is at most four times that
 * of the buckets, so one node with an id close to ours does not make a chart of 160 rows.
 */
export function bucketRowsOf(buckets: readonly BucketJson[]): BucketRow[] {
  const rows: BucketRow[] = [];
  let next = 0;
  for (const { prefixBits, nodes, good } of [...buckets].sort(byPrefix)) {
    if (prefixBits < next) continue;
    if (prefixBits - next > MAX_EMPTY_ROWS) {
      rows.push({ fromBits: next, toBits: prefixBits - 1, nodes: 0, good: 0 });
    } else {
      for (; next < prefixBits; next++) {
        rows.push({ fromBits: next, toBits: next, nodes: 0, good: 0 });
      }
    }
    rows.push({ fromBits: prefixBits, toBits: prefixBits, nodes, good: Math.min(good, nodes) });
    next = prefixBits + 1;
  }
  return rows;
}

function byPrefix(a: BucketJson, b: BucketJson): number {
  return a.prefixBits - b.prefixBits;
}

/** Formats the prefix lengths of a row: `3` or `20–141`. */
export function prefixWords({ fromBits, toBits }: BucketRow): string {
  return fromBits === toBits ? `${fromBits}` : `${fromBits}–${toBits}`;
}
