/** Types of a torture case and of its report. */

import type { Daemon } from "../../tests/support/place.ts";

/** The report of a torture case: counts of attempts, survivals and losses, and measured maxima. */
export interface Report {
  tried: number;
  /** Number of attempts that the program survived, or that ended with the right error. */
  survived: number;
  /** Number of changes that were reported as done but have been lost. */
  lost: number;
  /** Maximum resident memory of a daemon, in bytes; `undefined` if it was not measured. */
  worstBytes?: number;
  /** Longest duration of a recovery after a fault, in milliseconds. */
  worstRecoveryMs?: number;
  /**
   * Note that the printed report shows next to the figures: what one attempt consists of, or why
   * the case was not run.
   */
  note: string;
  /** Description of a failure in which no data was lost. */
  problem?: string;
}

/** One torture case: a fault or a load, and the check of the outcome. */
export interface Case {
  name: string;
  /** @param minutes duration of a case that runs for a given time, not for a number of attempts */
  run(scale: number, minutes?: number): Promise<Report>;
}

/** Returns the peak resident memory of a daemon, in bytes. Linux only. */
export async function peakBytes({ process }: Daemon): Promise<number | undefined> {
  try {
    const status = await Deno.readTextFile(`/proc/${process.pid}/status`);
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

/** Clock ticks a second in /proc (`USER_HZ`), on all processors that Deno runs on. */
const TICKS_A_SECOND = 100;

/** Returns the processor time that a daemon has used, in milliseconds; 0 if it cannot be read. */
export async function processorMs({ process }: Daemon): Promise<number> {
  try {
    const stat = await Deno.readTextFile(`/proc/${process.pid}/stat`);
    // The name of the program, in parentheses, may contain spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND * 1_000;
  } catch {
    return 0;
  }
}

/** Returns the larger of two figures, either of which may be `undefined`. */
export function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}
