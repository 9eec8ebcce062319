/**
 * Renders a progress bar as text. Pure functions; `output.ts` decides whether to show the bar, and
 * writes it to the terminal.
 *
 * @module
 */

import { formatBytes } from "../../base/mod.ts";
import { formatDuration, printable } from "./format.ts";

/** The state of an operation whose progress is measured in bytes. */
export interface ProgressState {
  /** Text to show instead of the progress bar's default label. */
  label?: string;
  doneBytes: number;
  /** Total number of bytes; absent while it is unknown. */
  totalBytes?: number;
  bytesPerSecond?: number;
  /** A short remark at the end of the progress line, such as `3 peers`. */
  note?: string;
}

/**
 * Minimum width of the progress bar, in columns. A narrower bar would be too coarse, so no bar is
 * shown.
 */
const minBarColumns = 10;
const maxBarColumns = 30;
/** Minimum width of a shortened name, in columns, so that the name is still recognisable. */
const minNameColumns = 8;
/**
 * Maximum remaining time that is shown: 100 days, in milliseconds. A longer time means a stalled
 * transfer.
 */
const longestLeftMs = 100 * 24 * 3_600_000;

/** Shortens `text` to `columns` columns by cutting its end, and marks the cut with `…`. */
export function shorten(text: string, columns: number): string {
  const letters = [...text];
  if (letters.length <= columns) return text;
  if (columns < 2) return letters.slice(0, columns).join("");
  return `${letters.slice(0, columns - 1).join("")}…`;
}

/**
 * Renders a progress line of at most `columns` columns, without a line break: name, bar, figures.
 * If the line is too long, the bar is omitted first, then figures from the right; last, the name is
 * shortened.
 */
export function renderProgress(label: string, state: ProgressState, columns: number): string {
  const { fraction, figures } = figuresOf(state);
  const name = printable(state.label ?? label);
  const nameColumns = [...name].length;
  const needed = Math.min(nameColumns, minNameColumns);
  const widthOf = (parts: string[]) => [...parts.join("  ")].length;
  // The first figure (percentage, or number of bytes) stays even if the progress line is too long.
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

/**
 * Returns the figures of a progress line, the most important first: percentage, bytes, rate,
 * remaining time.
 */
function figuresOf(
  { doneBytes, totalBytes, bytesPerSecond, note }: ProgressState,
): { fraction?: number; figures: string[] } {
  const figures: string[] = [];
  let fraction: number | undefined;
  if (totalBytes === undefined) {
    figures.push(formatBytes(doneBytes));
  } else {
    fraction = totalBytes === 0 ? 1 : Math.min(1, Math.max(0, doneBytes / totalBytes));
    // Round down, so that 100 % means a complete transfer.
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
