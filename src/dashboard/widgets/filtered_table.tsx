/**
 * A long list with its filter: the field, the number of found rows, the table, and a way back if no row
 * matches.
 *
 * @module
 */

import { formatCount, formatNumber } from "../parts/mod.ts";
import { FilterField } from "./filter_field.tsx";
import type { ListState } from "./use_list_state.ts";
import { VirtualTable, type VirtualTableProps } from "./virtual_table.tsx";

/** Properties of {@linkcode FilteredTable}. */
export interface FilteredTableProps<Row> extends Omit<VirtualTableProps<Row>, "order" | "onOrder"> {
  list: ListState;
  /** Singular noun for a row, for example `package`. */
  noun: string;
  /** Text in the empty filter, which tells the reader what to type. */
  hint: string;
  /** Number of rows without the filter. */
  total: number;
}

/** A table of the rows that a filter has found, with the filter above it. */
export function FilteredTable<Row>(
  { list, noun, hint, total, ...table }: FilteredTableProps<Row>,
) {
  const { typed, setTyped, order, setOrder } = list;
  const found = table.rows.length;
  const all = formatCount(total, noun);
  return (
    <>
      <FilterField
        label="Filter"
        hint={hint}
        typed={typed}
        onTyped={setTyped}
        count={found === total ? all : `${formatNumber(found)} of ${all}`}
      />
      <VirtualTable {...table} order={order} onOrder={setOrder} />
      {found === 0 && (
        <p class="empty">
          No {noun} matches. <button type="button" onClick={() => setTyped("")}>Show all</button>
        </p>
      )}
    </>
  );
}
