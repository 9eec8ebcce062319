/**
 * Measures topologies in interleaved rounds, and prints a table of the pairs and their times.
 *
 * @module
 */

import type { Outcome } from "./lab.ts";
import type { Pair } from "./topologies.ts";

/** Results of the rounds of a pair. */
export interface Row {
  readonly topology: string;
  readonly seeder: string;
  readonly reader: string;
  readonly note: string;
  readonly outcomes: readonly Outcome[];
}

/**
 * Measures pairs in rounds: every pair once, then every pair again. A pair that fails is not tried
 * again, because each failure costs its whole time limit.
 */
export async function measure(
  topology: string,
  pairs: readonly Pair[],
  rounds: number,
): Promise<Row[]> {
  const outcomes = new Map<Pair, Outcome[]>(pairs.map((pair) => [pair, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [pair, list] of outcomes) {
      if (list.some((outcome) => "failure" in outcome)) continue;
      list.push(await pair.measure());
    }
  }
  return [...outcomes].map(([{ seeder, reader, note = "" }, list]) => ({
    topology,
    seeder,
    reader,
    note,
    outcomes: list,
  }));
}

/** The median of the seconds, if all rounds of a row went well. */
export function medianSeconds({ outcomes }: Row): number | undefined {
  const seconds = outcomes.map((outcome) => "seconds" in outcome ? outcome.seconds : Infinity);
  return seconds.every(Number.isFinite) ? medianOf(seconds) : undefined;
}

function medianOf(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** Returns the other figures of a row, with their medians and the values of all rounds. */
function otherFigures({ outcomes }: Row): string[] {
  const rounds = outcomes.flatMap((outcome) => "seconds" in outcome ? [outcome.figures ?? {}] : []);
  return Object.keys(rounds[0] ?? {}).map((name) => {
    const values = rounds.map((figures) => figures[name]!);
    const text = values.map((value) => value.toFixed(2)).join(", ");
    return `${name}: ${medianOf(values)!.toFixed(2)} (${text})`;
  });
}

/** The head of the table, in Markdown. */
export const tableHead = [
  "| topology | seeder | reader | median, s | rounds | note |",
  "| --- | --- | --- | ---: | --- | --- |",
].join("\n");

/** A row of the table, in Markdown. */
export function tableRow(row: Row): string {
  const median = medianSeconds(row);
  const failure = row.outcomes.map((outcome) => "failure" in outcome ? outcome.failure : "")
    .find((reason) => reason !== "");
  const rounds = row.outcomes.map((outcome) =>
    "seconds" in outcome ? outcome.seconds.toFixed(2) : "–"
  );
  const cells = [
    row.topology,
    row.seeder,
    row.reader,
    median === undefined ? "no" : median.toFixed(2),
    rounds.join(", "),
    [failure, ...otherFigures(row), row.note].filter((part) => part).join("; ")
      .replaceAll("|", "/"),
  ];
  return `| ${cells.join(" | ")} |`;
}
