/**
 * Formats rows of text as a table that also fits narrow terminals.
 *
 * @module
 */

import type { Sink } from "../process/context.ts";
import { shorten } from "./progress.ts";

const GAP = "  ";

/**
 * Returns the maximum width of a table: the width of the terminal, or unlimited for a file or pipe.
 */
export function tableColumns(sink: Sink): number {
  return sink.isTerminal ? sink.columns() : Infinity;
}

/**
 * Formats a table: pads every column except the last to the width of its widest cell, and separates
 * columns by two spaces. No cell is shortened: if a row is wider than `columns`, the cells that do
 * not fit are printed on indented lines below it.
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
 * Formats a table as one line per row, shortened to `columns` columns. If padding makes a row too
 * wide, the row is printed without padding.
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

/**
 * Returns the position at which a column of the table starts, counted from the start of the line,
 * in characters.
 */
function startOf(widths: readonly number[], column: number): number {
  return widths.slice(0, column).reduce((sum, width) => sum + width + GAP.length, 0);
}
