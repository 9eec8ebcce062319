/**
 * Filtered and sorted rows of a long list, worked out in slices.
 *
 * @module
 */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  type Compare,
  filterRows,
  type Searchable,
  Slices,
  sortRows,
  wordsOf,
} from "../listing/mod.ts";
import { browserSlices } from "./slice_clock.ts";

/** By which column a list is sorted. */
export interface Order {
  column: string;
  descending: boolean;
}

/** Argument of {@linkcode useRows}. */
export interface RowsWanted<Row> {
  /** All rows; undefined until they have come. */
  rows: readonly Row[] | undefined;
  /** The filter as typed. */
  typed: string;
  order: Order;
  /** Returns the comparison of rows for an order. */
  compareBy: (order: Order) => Compare<Row>;
}

/**
 * Returns the rows to show. They are those of the last finished work: while a new filter or order is worked
 * out, the old rows stay. A newer filter ends the work for the one before.
 */
export function useRows<Row extends Searchable>(
  { rows, typed, order, compareBy }: RowsWanted<Row>,
): readonly Row[] | undefined {
  const [shown, setShown] = useState<readonly Row[]>();
  const sorted = useRef<{ of: readonly Row[]; by: string; rows: readonly Row[] } | undefined>(
    undefined,
  );
  const by = `${order.column} ${order.descending}`;
  // A layout effect starts the work before the browser paints, so that most filters show at the next paint.
  useLayoutEffect(() => {
    if (rows === undefined) return;
    const newer = new AbortController();
    const work = async () => {
      const slices = new Slices(browserSlices, newer.signal);
      if (sorted.current?.of !== rows || sorted.current.by !== by) {
        sorted.current = { of: rows, by, rows: await sortRows(rows, compareBy(order), slices) };
      }
      setShown(await filterRows(sorted.current.rows, wordsOf(typed), slices));
    };
    work().catch((error) => {
      if (!newer.signal.aborted) throw error;
    });
    return () => newer.abort();
  }, [rows, typed, by]);
  return rows === undefined ? undefined : shown;
}
