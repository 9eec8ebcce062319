/**
 * Formats rows of text as a table, also on narrow terminals.
 *
 * @module
 */

import type { Sink } from "../process/context.ts";
import { shorten } from "./progress.ts";

const GAP = "  ";

/** Maximum width of a table: the terminal's width, or unlimited for a file or a pipe. */
export function tableColumns(sink: Sink): number {
  return sink.isTerminal ? sink.columns() : Infinity;
}

/**
 * Pads each column but the last to its widest cell, with two spaces between columns. Cells are
 * never cut: in a row wider than `columns`, each cell that does not fit gets an indented line below
 * the row.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  columns = Infinity,
): string {
  const widths = widthsOf(rows);
  return rows.map((row) => {
    let line = "";
    const below: string[] = [];
    row.forEach((cell, column) => {
      const before = column === 0 ? "" : line.padEnd(startOf(widths, column));
      const isFirst = column === 0;
      if (isFirst || below.length === 0 && before.length + cell.length <= columns) {
        line = before + cell;
      } else below.push(GAP + cell);
    });
    return [line.trimEnd(), ...below].join("\n");
  }).join("\n");
}

/**
 * Formats a table for a screen: one line per row, cut at `columns`. A row that is too wide only
 * because of its padding is printed without padding.
 */
export function fitTable(rows: readonly (readonly string[])[], columns: number): string[] {
  const flat = rows.map((row) => row.map((cell) => cell.replaceAll("\n", " ")));
  return formatTable(flat).split("\n").map((line, row) => {
    const isWide = [...line].length > columns;
    return shorten(isWide ? flat[row]!.join(GAP) : line, columns);
  });
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return widths;
}

/** Offset of a column's first character. */
function startOf(widths: readonly number[], column: number): number {
  return widths.slice(0, column).reduce((sum, width) => sum + width + GAP.length, 0);
}
