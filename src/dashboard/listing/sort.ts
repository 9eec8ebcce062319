/**
 * Sorting of long lists: a stable merge sort in slices, which the browser can interrupt.
 *
 * @module
 */

import type { Slices } from "./slices.ts";

/** Compares two rows, as `Array.prototype.sort` expects it. */
export type Compare<Row> = (a: Row, b: Row) => number;

/** Number of rows that one call of the native sort sorts. */
const RUN = 256;
/** Number of merged rows between two looks at the clock. */
const ROWS_PER_LOOK = 256;

/** Compares two values that may be absent; absent values come last in both directions. */
export function compareValues(
  a: string | number | boolean | undefined,
  b: string | number | boolean | undefined,
  descending = false,
): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  const order = a < b ? -1 : 1;
  return descending ? -order : order;
}

/**
 * Sorts rows into a new array. Equal rows keep their order.
 *
 * @throws the reason of the slices' signal if the work was ended
 */
export async function sortRows<Row>(
  rows: readonly Row[],
  compare: Compare<Row>,
  slices: Slices,
): Promise<Row[]> {
  let sorted: Row[] = [];
  for (let start = 0; start < rows.length; start += RUN) {
    for (const row of rows.slice(start, start + RUN).sort(compare)) sorted.push(row);
    if (slices.used) await slices.next();
  }
  for (let width = RUN; width < sorted.length; width *= 2) {
    sorted = await mergeRuns(sorted, width, compare, slices);
  }
  return sorted;
}

/** Merges each two neighbouring sorted runs of `width` rows. */
async function mergeRuns<Row>(
  rows: readonly Row[],
  width: number,
  compare: Compare<Row>,
  slices: Slices,
): Promise<Row[]> {
  const merged: Row[] = [];
  for (let start = 0; start < rows.length; start += 2 * width) {
    const middle = Math.min(start + width, rows.length);
    const end = Math.min(start + 2 * width, rows.length);
    let [left, right] = [start, middle];
    while (left < middle || right < end) {
      const takeLeft = right >= end || left < middle && compare(rows[left]!, rows[right]!) <= 0;
      merged.push(rows[takeLeft ? left++ : right++]!);
      if (merged.length % ROWS_PER_LOOK === 0 && slices.used) await slices.next();
    }
  }
  return merged;
}
