/**
 * A table of rows, for up to some hundred rows. On a narrow screen, each row becomes a block of names and
 * values.
 *
 * @module
 */

import type { ComponentChildren } from "preact";

/** A column of a {@linkcode Table}. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** Whether the column has numbers, which stand at the right. */
  number?: boolean;
}

/** A table. The first column names the row. */
export function Table<Row>(
  { caption, columns, rows, keyOf, empty = "Nothing here" }: {
    /** Name of the table, for screen readers. */
    caption: string;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    keyOf: (row: Row) => string;
    /** Text if there are no rows. */
    empty?: string;
  },
) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table class="table">
      <caption class="hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, number }) => (
            <th key={title} scope="col" class={number ? "number" : undefined}>{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, cell, number }, index) =>
              index === 0
                ? <th key={title} scope="row">{cell(row)}</th>
                : (
                  <td key={title} data-title={title} class={number ? "number" : undefined}>
                    {cell(row)}
                  </td>
                )
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
