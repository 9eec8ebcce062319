/**
 * The progress bar. {@linkcode renderProgress} is pure and says how it looks; `output.ts` decides
 * whether there is one (only on a terminal) and writes it.
 *
 * @module
 */

import { formatBytes, formatDuration, printable } from "./format.ts";

/** How far something is. */
export interface ProgressState {
  /** A label in place of the bar's own. */
  label?: string;
  doneBytes: number;
  /** Left out while nobody knows. */
  totalBytes?: number;
  bytesPerSecond?: number;
  /** Anything else worth a few letters: `3 peers`. */
  note?: string;
}

/** Narrower than this a bar says nothing. */
const minBarColumns = 10;
const maxBarColumns = 30;
/** Letters of a name that tell something. */
const minNameColumns = 8;
/** A time left beyond this says only that nothing comes, milliseconds: 100 days. */
const longestLeftMs = 100 * 24 * 3_600_000;

/** `text` in at most `columns` columns: its end is left out if need be, for what matters comes first. */
export function shorten(text: string, columns: number): string {
  const letters = [...text];
  if (letters.length <= columns) return text;
  if (columns < 2) return letters.slice(0, columns).join("");
  return `${letters.slice(0, columns - 1).join("")}…`;
}

/**
 * One line, at most `columns` wide, without a line break. Where there is too little room, figures go
 * from the right; the name and how far it is stay as long as they can. A bar fills what is left.
 */
export function renderProgress(label: string, state: ProgressState, columns: number): string {
  const { fraction, figures } = figuresOf(state);
  const name = printable(state.label ?? label);
  const nameColumns = [...name].length;
  const needed = Math.min(nameColumns, minNameColumns);
  const widthOf = (parts: string[]) => [...parts.join("  ")].length;
  // The first figure says how far it is.
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

/** The figures, those that matter most first. */
function figuresOf(
  { doneBytes, totalBytes, bytesPerSecond, note }: ProgressState,
): { fraction?: number; figures: string[] } {
  const figures: string[] = [];
  let fraction: number | undefined;
  if (totalBytes === undefined) {
    figures.push(formatBytes(doneBytes));
  } else {
    fraction = totalBytes === 0 ? 1 : Math.min(1, Math.max(0, doneBytes / totalBytes));
    // Rounded down: 100 % is said only when nothing is missing.
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
