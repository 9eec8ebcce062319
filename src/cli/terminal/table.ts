/**
 * Rows of text in columns, also on narrow terminals.
 *
 * @module
 */

import type { Sink } from "../process/context.ts";
import { shorten } from "./progress.ts";

const GAP = "  ";

/** The width to print a table in: the terminal's, and none where lines go to a file or a program. */
export function tableColumns(sink: Sink): number {
  return sink.isTerminal ? sink.columns() : Infinity;
}

/**
 * Pads each column but the last to its widest cell; two spaces between columns. Nothing is left out:
 * in a row that is wider than `columns`, the cells that do not fit follow below it, each on a line of
 * its own, indented.
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
 * The same for a screen: a line for each row, at most `columns` wide, cut at its end. A row that the
 * padding of its columns makes too wide has none.
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

/** Where a column begins. */
function startOf(widths: readonly number[], column: number): number {
  return widths.slice(0, column).reduce((sum, width) => sum + width + GAP.length, 0);
}
