/**
 * Renders a progress bar as text. Pure functions; `output.ts` decides whether to show the bar, and
 * writes it.
 *
 * @module
 */

import { formatBytes, formatDuration, printable } from "./format.ts";

/** The state of an operation with measurable progress. */
export interface ProgressState {
  /** Replaces the bar's own label. */
  label?: string;
  doneBytes: number;
  /** Omitted while the total is unknown. */
  totalBytes?: number;
  bytesPerSecond?: number;
  /** A short remark, such as `3 peers`. */
  note?: string;
}

/** Minimum width of the bar. A narrower bar is omitted, because it is too coarse to be useful. */
const minBarColumns = 10;
const maxBarColumns = 30;
/** Minimum width of a shortened name that is still recognisable. */
const minNameColumns = 8;
/** Maximum remaining time that is shown, milliseconds: 100 days. More means a stalled transfer. */
const longestLeftMs = 100 * 24 * 3_600_000;

/** Shortens `text` to `columns` columns by cutting its end, and marks the cut with `…`. */
export function shorten(text: string, columns: number): string {
  const letters = [...text];
  if (letters.length <= columns) return text;
  if (columns < 2) return letters.slice(0, columns).join("");
  return `${letters.slice(0, columns - 1).join("")}…`;
}

/**
 * Renders one line, at most `columns` wide, without a line break. If space is short, figures are
 * dropped from the right, and the name is shortened last. The bar fills the remaining space.
 */
export function renderProgress(label: string, state: ProgressState, columns: number): string {
  const { fraction, figures } = figuresOf(state);
  const name = printable(state.label ?? label);
  const nameColumns = [...name].length;
  const needed = Math.min(nameColumns, minNameColumns);
  const widthOf = (parts: string[]) => [...parts.join("  ")].length;
  // The first figure, the percentage or the number of bytes, is always kept.
  while (figures.length > 1 && nameColumns + 2 + widthOf(figures) > columns) figures.pop();
  const text = figures.join("  ");
  const room = columns - widthOf(figures) - 2;
  if (room < needed) return shorten(`${name}  ${text}`, columns);
  const barColumns = Math.min(maxBarColumns, room - nameColumns - 4);
  if (fraction === undefined || barColumns < minBarColumns) {
    return `${shorten(name, room)}  ${text}`;
  }
  const filled = Math.floor(fraction * barColumns);
  return `${name}  [${"#".repeat(filled)}${"-".repeat(barColumns - filled)}]  ${text}`;
}

/** The figures of the line, the most important first. */
function figuresOf(
  { doneBytes, totalBytes, bytesPerSecond, note }: ProgressState,
): { fraction?: number; figures: string[] } {
  const figures: string[] = [];
  let fraction: number | undefined;
  if (totalBytes === undefined) {
    figures.push(formatBytes(doneBytes));
  } else {
    fraction = totalBytes === 0 ? 1 : Math.min(1, Math.max(0, doneBytes / totalBytes));
    // Round down, so that 100 % is shown only for a complete transfer.
    figures.push(`${String(Math.floor(fraction * 100)).padStart(3)}%`);
    figures.push(`${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`);
  }
  if (bytesPerSecond !== undefined && bytesPerSecond > 0) {
    figures.push(`${formatBytes(bytesPerSecond)}/s`);
    const leftMs = ((totalBytes ?? 0) - doneBytes) / bytesPerSecond * 1_000;
    if (leftMs > 0 && leftMs < longestLeftMs) figures.push(`${formatDuration(leftMs)} left`);
  }
  if (note) figures.push(printable(note));
  return { ...(fraction !== undefined && { fraction }), figures };
}
