/**
 * Runs the compared programs (contenders) and prints the figures. After an uncounted warm-up, the
 * rounds are interleaved (A B C, A B C, …), so that other load on the machine affects all
 * contenders alike. The rows, each a benchmark, do the measuring; no figure is judged here.
 */

import { parseScriptArgs } from "../arguments.ts";
import { type Clock, systemClock } from "../../src/base/mod.ts";
import { descendants, kill, killDescendantsOnSignal } from "./process_tree.ts";

/** Figures of one round of one contender, by the names of the row's metrics. */
export type Figures = Readonly<Record<string, number>>;

/** A contender: one of the programs that do the same work and are compared. */
export interface Contender {
  name: string;
  /** The reason why the contender cannot take part, or `undefined`. */
  missing?(): Promise<string | undefined>;
  /**
   * Does the work once, and returns the figures. Metrics that cannot be measured are missing from
   * the figures.
   */
  round(round: number): Promise<Figures>;
}

/** A quantity that is measured in a benchmark. */
export interface Metric {
  key: string;
  name: string;
  unit: string;
}

/** A row: one benchmark, with its contenders and the metrics that are measured. */
export interface Row {
  /** Name of the benchmark (row), for selecting it on the command line. */
  id: string;
  title: string;
  /** Explanation of the benchmark's figures and their limits. */
  about: string;
  metrics: readonly Metric[];
  /**
   * The compared programs, libreseed first. The printed ratios compare libreseed's medians with the
   * medians of the other programs.
   */
  contenders: readonly Contender[];
  /** Number of rounds that are counted, without the warm-up. */
  rounds: number;
  /** Whether an uncounted warm-up round comes first; `true` by default. */
  warmUp?: boolean;
  /** Time limit of one round of one contender, in seconds; half an hour by default. */
  mostSeconds?: number;
  /** The same with little work, for `--short`. Default: the row itself. */
  short?: Row;
  /** Deletes files and ends processes that all rounds shared. */
  dispose?(): Promise<void>;
}

/** A row (one benchmark) with its measured figures. */
export interface Measured {
  row: Row;
  /** Figures of each round of the benchmark, by contender. */
  figures: Map<string, Figures[]>;
  /** Contenders that could not take part, with the reasons. */
  missing: { name: string; why: string }[];
  /** Contenders that failed in a round, with the reasons. */
  failed: { name: string; why: string }[];
  /**
   * Duration of each round including its setup, in seconds, by contender. The warm-up is the first.
   */
  seconds: Map<string, number[]>;
}

const MOST_SECONDS = 1_800;

/** A monotonic clock, which is not affected when the system time is set. */
const steadyClock: Clock = { now: () => performance.now(), after: systemClock.after };

/** Runs one row. A contender that fails or exceeds its time limit is left out of further rounds. */
export async function measure(
  row: Row,
  say: (line: string) => void,
  clock: Clock = steadyClock,
): Promise<Measured> {
  const present: Contender[] = [];
  const missing: Measured["missing"] = [];
  const failed: Measured["failed"] = [];
  for (const contender of row.contenders) {
    const why = await contender.missing?.();
    if (why === undefined) present.push(contender);
    else missing.push({ name: contender.name, why });
  }
  const figures = new Map<string, Figures[]>(present.map(({ name }) => [name, []]));
  const seconds = new Map<string, number[]>(present.map(({ name }) => [name, []]));
  try {
    for (let round = row.warmUp === false ? 1 : 0; round <= row.rounds; round++) {
      const label = round === 0 ? "warm-up" : `round ${round} of ${row.rounds}`;
      for (const contender of [...present]) {
        const { name } = contender;
        const begunMs = clock.now();
        try {
          const result = await withTimeLimit(
            () => contender.round(round),
            row.mostSeconds ?? MOST_SECONDS,
            clock,
          );
          if (round > 0) figures.get(name)!.push(result);
        } catch (error) {
          failed.push({ name, why: `${label}: ${error instanceof Error ? error.message : error}` });
          present.splice(present.indexOf(contender), 1);
        }
        const took = (clock.now() - begunMs) / 1_000;
        seconds.get(name)!.push(took);
        say(`${row.id}, ${label}: ${name}, ${took.toFixed(1)} s`);
      }
    }
  } finally {
    await row.dispose?.();
  }
  return { row, figures, missing, failed, seconds };
}

/** Rejects after the time limit, and kills the processes that the round has started. */
async function withTimeLimit<T>(
  run: () => Promise<T>,
  mostSeconds: number,
  clock: Clock,
): Promise<T> {
  const before = new Set(descendants(Deno.pid));
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(mostSeconds * 1_000, () => {
    // Processes that existed before the round are kept, because other rounds use them.
    for (const pid of descendants(Deno.pid)) if (!before.has(pid)) kill(pid);
    reject(new Error(`not over after ${mostSeconds} s`));
  });
  const round = run();
  // Ignores errors that the killed processes cause after the promise was rejected.
  round.catch(() => {});
  try {
    return await Promise.race([round, late]);
  } finally {
    timer.cancel();
  }
}

/** Returns median, minimum and maximum of the values. */
export function summary(values: readonly number[]): { median: number; min: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** Returns the 95th percentile (nearest rank). With fewer than 20 values, this is the maximum. */
export function percentile95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!;
}

/** Formats a row (one benchmark) as Markdown. */
export function report({ row, figures, missing, failed, seconds }: Measured): string {
  const lines = [["what", "unit", "who", "median", "min..max", "ratio"]];
  const [ours] = figures.keys();
  for (const { key, name, unit } of row.metrics) {
    const medians = new Map<string, number>();
    for (const [who, rounds] of figures) {
      const values = rounds.map((round) => round[key]).filter((value) => value !== undefined);
      const label = medians.size === 0 ? [name, unit] : ["", ""];
      if (values.length === 0) continue;
      const { median, min, max } = summary(values);
      medians.set(who, median);
      const base = medians.get(ours!);
      const ratio = who === ours || base === undefined ? "" : share(base / median);
      lines.push([...label, who, digits(median), `${digits(min)}..${digits(max)}`, ratio]);
    }
  }
  const say = (what: string, who: Measured["missing"]) =>
    who.map(({ name, why }) => `\n${what}: ${name} (${why}).\n`).join("");
  const absent = say("Not measured", missing) + say("Failed", failed);
  const took = [...seconds].map(([who, all]) => `${who} ${digits(sum(all))}`).join(", ");
  const about = `${row.about} Rounds: ${row.rounds}.`;
  return `## ${row.title}\n\n${about}\n\n${
    markdown(lines)
  }\n${absent}\nSeconds, all rounds: ${took}.\n`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Rounds to three significant digits, but keeps all digits before the decimal point. */
function digits(value: number): string {
  const magnitude = Math.abs(value);
  const text = magnitude >= 100
    ? value.toFixed(0)
    : magnitude >= 10
    ? value.toFixed(1)
    : value.toFixed(2);
  return text.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Formats a ratio with two decimals. A ratio that would round to zero is shown as `<0.01`. */
function share(ratio: number): string {
  return ratio < 0.005 ? "<0.01" : ratio.toFixed(2);
}

function markdown(lines: readonly string[][]): string {
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  const isNumber = (column: number) => column >= 3;
  const pad = (cell: string, column: number) =>
    isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  const rule = widths.map((width, column) =>
    isNumber(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width)
  );
  return [lines[0]!.map(pad), rule, ...lines.slice(1).map((line) => line.map(pad))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/**
 * Runs the rows named on the command line, or all rows: `[--rounds N] [--only CONTENDER]… [--short]
 * [ROW…]`. `--short` shows that a row runs: one round without a warm-up, with less work where the row
 * has a short form. Prints tables to standard output and progress to standard error.
 *
 * @returns the exit code, which is 1 if a contender failed
 */
export async function runBenchmarks(rows: readonly Row[], args: string[]): Promise<number> {
  const { values, positionals } = parseScriptArgs({
    args,
    options: {
      rounds: { type: "string" },
      only: { type: "string", multiple: true },
      short: { type: "boolean" },
    },
    allowPositionals: true,
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const unknown = positionals.filter((name) => !rows.some(({ id }) => id === name));
  if (unknown.length > 0 || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))) {
    console.error(`usage: bench [--rounds N] [--short] [${rows.map(({ id }) => id).join("|")}]…`);
    return 2;
  }
  killDescendantsOnSignal();
  let exitCode = 0;
  const chosen = rows.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
  for (const row of chosen) {
    const form: Row = values.short ? { ...row.short ?? row, rounds: 1, warmUp: false } : row;
    const contenders = form.contenders
      .filter(({ name }) => values.only === undefined || values.only.includes(name));
    const wanted = { ...form, contenders, rounds: rounds ?? form.rounds };
    const measured = await measure(wanted, console.error);
    console.log(report(measured));
    if (measured.failed.length > 0) exitCode = 1;
  }
  return exitCode;
}
