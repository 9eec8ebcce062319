/**
 * The order in which the pieces of a download are begun.
 *
 * Small pieces that lie side by side are begun one after the other, as runs: blocks that arrive in order
 * are written to the file together. A run is as long as a piece of 256 KiB.
 *
 * @module
 */

import { shuffle } from "../../base/mod.ts";

/** Length of a run of small pieces, in bytes. */
const RUN_BYTES = 256 * 1024;
/** Number of next runs that are requested in random order while all peers are seeders. */
const WINDOW = 64;
/**
 * Maximum total size, in bytes, of the next runs that are requested in random order. If pieces are
 * large, fewer of the next pieces are requested in random order.
 */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** Options of the functions of this file. */
export interface OrderOptions {
  /** Length of a piece in bytes. */
  pieceLength: number;
  /** Returns a random number from 0 to below 1. */
  random: () => number;
}

/** Orders pieces nearly as they lie in the archive: runs are shuffled among the next ones. */
export function nearlyInOrder(
  indexes: readonly number[],
  { pieceLength, random }: OrderOptions,
): number[] {
  const runs = runsOf(indexes, pieceLength);
  const runBytes = Math.max(pieceLength, RUN_BYTES);
  const window = Math.max(1, Math.min(WINDOW, Math.floor(WINDOW_BYTES / runBytes)));
  const order: number[] = [];
  for (let at = 0; at < runs.length; at += window) {
    append(order, shuffled(runs.slice(at, at + window), random));
  }
  return order;
}

/**
 * Orders pieces by the number of leechers that have them, rarest first. Ties are broken at random.
 *
 * @param leechers for each piece of the torrent: the number of leechers that have it
 */
export function byRarity(
  indexes: readonly number[],
  leechers: ArrayLike<number>,
  { pieceLength, random }: OrderOptions,
): number[] {
  const groups: number[][] = [];
  for (const index of indexes) (groups[leechers[index]!] ??= []).push(index);
  const order: number[] = [];
  for (const group of groups) {
    if (group) append(order, shuffled(runsOf(group, pieceLength), random));
  }
  return order;
}

function shuffled(runs: number[][], random: () => number): number[][] {
  shuffle(runs, random);
  return runs;
}

function append(order: number[], runs: readonly number[][]): void {
  for (const run of runs) for (const index of run) order.push(index);
}

/** Divides ascending piece numbers into runs of pieces that lie side by side. */
function runsOf(indexes: readonly number[], pieceLength: number): number[][] {
  const most = Math.max(1, Math.floor(RUN_BYTES / pieceLength));
  const runs: number[][] = [];
  let run: number[] = [];
  for (const index of indexes) {
    // Runs begin at multiples of their length, so that leechers that meet hold the same runs whole.
    if (index - 1 !== run.at(-1) || index % most === 0) runs.push(run = []);
    run.push(index);
  }
  return runs;
}
