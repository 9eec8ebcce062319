/**
 * What a case of torture is, and what it reports.
 *
 * @module
 */

import type { Daemon } from "../../tests/support/place.ts";

/** What came of a case. */
export interface Report {
  tried: number;
  /** How many of them went on, or ended with the true reason. */
  survived: number;
  /** What was reported done and is gone. */
  lost: number;
  /** The most that a daemon had resident, bytes; `undefined` where none was measured. */
  worstBytes?: number;
  /** The longest that it took until all was well again, milliseconds. */
  worstRecoveryMs?: number;
  /** What the figures mean here. */
  note: string;
  /** What was not as it should be, though nothing was lost. */
  problem?: string;
}

/** One case. */
export interface Case {
  name: string;
  /** @param minutes how long, for what runs for a time and not for a number */
  run(scale: number, minutes?: number): Promise<Report>;
}

/** The most that a daemon had resident since its start, bytes; Linux only. */
export async function peakBytes({ process }: Daemon): Promise<number | undefined> {
  try {
    const status = await Deno.readTextFile(`/proc/${process.pid}/status`);
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

/** The larger of two figures, either of which may be missing. */
export function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}
