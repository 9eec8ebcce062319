/**
 * The progress bar. {@linkcode renderProgress} is pure and says how it looks; `output.ts` decides
 * whether there is one (only on a terminal) and writes it.
 *
 * @module
 */

import { formatBytes, formatDuration, printable } from "./format.ts";

/** How far something is. */
export interface ProgressState {
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

/** `text` in at most `columns` columns, its middle left out if need be. */
export function shorten(text: string, columns: number): string {
  const letters = [...text];
  if (letters.length <= columns) return text;
  if (columns < 2) return letters.slice(0, columns).join("");
  const head = Math.ceil((columns - 1) / 2);
  const tail = columns - 1 - head;
  return [...letters.slice(0, head), "…", ...letters.slice(letters.length - tail)].join("");
}

/** One line, at most `columns` wide, without a line break. */
export function renderProgress(label: string, state: ProgressState, columns: number): string {
  const { doneBytes, totalBytes, bytesPerSecond, note } = state;
  const parts: string[] = [];
  let fraction: number | undefined;
  if (totalBytes === undefined) {
    parts.push(formatBytes(doneBytes));
  } else {
    fraction = totalBytes === 0 ? 1 : Math.min(1, Math.max(0, doneBytes / totalBytes));
    // Rounded down: 100 % is said only when nothing is missing.
    parts.push(`${String(Math.floor(fraction * 100)).padStart(3)}%`);
    parts.push(`${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`);
  }
  if (bytesPerSecond !== undefined && bytesPerSecond > 0) {
    parts.push(`${formatBytes(bytesPerSecond)}/s`);
    if (totalBytes !== undefined && totalBytes > doneBytes) {
      parts.push(`${formatDuration((totalBytes - doneBytes) / bytesPerSecond * 1_000)} left`);
    }
  }
  if (note) parts.push(printable(note));

  const name = printable(label);
  const text = parts.join("  ");
  const room = columns - [...text].length - 2;
  if (room < 4) return shorten(text, columns);
  const barColumns = Math.min(maxBarColumns, room - [...name].length - 4);
  if (fraction === undefined || barColumns < minBarColumns) {
    return `${shorten(name, room)}  ${text}`;
  }
  const filled = Math.floor(fraction * barColumns);
  return `${name}  [${"#".repeat(filled)}${"-".repeat(barColumns - filled)}]  ${text}`;
}
