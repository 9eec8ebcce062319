/**
 * Filtering of long lists by text. Each row has a search text, made once; every word of the filter must
 * occur in it.
 *
 * @module
 */

import { eachInSlices, type Slices } from "./slices.ts";

/** A row of a list together with the text in which the filter searches. */
export interface Searchable {
  /** Text in lower case, made by {@linkcode searchTextOf}. */
  readonly searchText: string;
}

/**
 * Joins the texts of a row to its search text. A line break between the texts keeps a word of the filter from
 * matching the end of one and the beginning of the next.
 */
export function searchTextOf(...texts: (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined).join("\n").toLowerCase();
}

/** Splits what the user typed into words in lower case, without repetitions. */
export function wordsOf(typed: string): string[] {
  return [...new Set(typed.toLowerCase().split(/\s+/u).filter((word) => word !== ""))];
}

/** Whether every word occurs in the search text. Without words, everything matches. */
export function matches({ searchText }: Searchable, words: readonly string[]): boolean {
  return words.every((word) => searchText.includes(word));
}

/**
 * Returns the rows that match, in their order.
 *
 * @throws the reason of the slices' signal if a newer filter ended this one
 */
export async function filterRows<Row extends Searchable>(
  rows: readonly Row[],
  words: readonly string[],
  slices: Slices,
): Promise<Row[]> {
  if (words.length === 0) return [...rows];
  const found: Row[] = [];
  await eachInSlices(rows, slices, (row) => {
    if (matches(row, words)) found.push(row);
  });
  return found;
}
