/**
 * The part of a long list that the page holds as elements. All rows have the same height, so the place of each
 * row follows from its index, and the rows outside the window are empty space.
 *
 * @module
 */

/** A run of rows that the page holds, or a gap of empty space in place of rows. */
export type Segment =
  /** The rows `start` to `end - 1`. */
  | { kind: "rows"; start: number; end: number }
  /** Empty space in the height of `count` rows; `start` is the first of them. */
  | { kind: "gap"; start: number; count: number };

/** The view into the list, all in pixels. */
export interface View {
  /** Distance from the top of the list to the top of what is visible; negative while the list begins below. */
  offsetPx: number;
  /** Height of what is visible. */
  heightPx: number;
  rowHeightPx: number;
}

/** Number of rows above and below the visible ones, so that the Tab key always finds the next row. */
export const OVERSCAN_ROWS = 8;
/** Maximum number of rows in the window, whatever height is reported. */
export const MAX_WINDOW_ROWS = 200;

/**
 * Computes which rows the page holds.
 *
 * @param count number of all rows
 * @param kept index of a row that stays although it is far away, because it has the focus
 */
export function segmentsOf(count: number, view: View, kept?: number): Segment[] {
  const rowHeightPx = Math.max(1, view.rowHeightPx);
  const visible = Math.ceil(Math.max(0, view.heightPx) / rowHeightPx) + 1;
  const size = Math.min(MAX_WINDOW_ROWS, visible + 2 * OVERSCAN_ROWS, count);
  const wanted = Math.floor(view.offsetPx / rowHeightPx) - OVERSCAN_ROWS;
  const start = Math.max(0, Math.min(wanted, count - size));
  const runs: [start: number, end: number][] = [[start, start + size]];
  if (kept !== undefined && kept >= 0 && kept < count) {
    if (kept < start) runs.unshift([kept, kept + 1]);
    else if (kept >= start + size) runs.push([kept, kept + 1]);
  }
  const segments: Segment[] = [];
  let next = 0;
  for (const [from, to] of runs) {
    if (from > next) segments.push({ kind: "gap", start: next, count: from - next });
    if (to > from) segments.push({ kind: "rows", start: from, end: to });
    next = to;
  }
  if (next < count) segments.push({ kind: "gap", start: next, count: count - next });
  return segments;
}

/** Keys that move the focus through the list. */
export type MoveKey = "ArrowUp" | "ArrowDown" | "PageUp" | "PageDown" | "Home" | "End";

/**
 * Returns the index of the row to which a key moves the focus, or undefined for other keys and an empty list.
 *
 * @param pageRows number of rows that a page key skips
 */
export function rowAfterKey(
  key: string,
  index: number,
  count: number,
  pageRows: number,
): number | undefined {
  const moves: Record<MoveKey, number> = {
    ArrowUp: index - 1,
    ArrowDown: index + 1,
    PageUp: index - pageRows,
    PageDown: index + pageRows,
    Home: 0,
    End: count - 1,
  };
  if (count === 0 || !Object.hasOwn(moves, key)) return;
  return Math.max(0, Math.min(count - 1, moves[key as MoveKey]));
}
