/**
 * Decides when a problem has begun and when it has ended. A problem counts only when it has lasted for a
 * while, so that one that comes and goes does not cause a message each time.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import type { ProblemJson } from "../../control/mod.ts";

/** Time for which a problem must be there, or be gone, before it is told (ms). */
export const HOLD_MS = 10_000;

interface Known {
  problem: ProblemJson;
  /** Whether its beginning was told. */
  isTold: boolean;
  isThere: boolean;
  timer?: Timer | undefined;
}

/** Follows the problems of a host. */
export class ProblemWatch {
  readonly #clock: Clock;
  readonly #onChange: (problem: ProblemJson, isThere: boolean) => void;
  readonly #known = new Map<string, Known>();

  /** @param onChange called when a problem has begun (`isThere`) or ended */
  constructor(clock: Clock, onChange: (problem: ProblemJson, isThere: boolean) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Takes all present problems. */
  hear(problems: readonly ProblemJson[]): void {
    const present = new Map(problems.map((one) => [keyOf(one), one]));
    for (const [key, problem] of present) {
      const known = this.#known.get(key) ?? { problem, isTold: false, isThere: false };
      this.#known.set(key, known);
      known.problem = problem;
      this.#set(key, known, true);
    }
    for (const [key, known] of this.#known) if (!present.has(key)) this.#set(key, known, false);
  }

  /** Cancels all timers. */
  stop(): void {
    for (const { timer } of this.#known.values()) timer?.cancel();
    this.#known.clear();
  }

  #set(key: string, known: Known, isThere: boolean): void {
    if (known.isThere === isThere) return;
    known.isThere = isThere;
    known.timer?.cancel();
    known.timer = undefined;
    if (known.isTold === isThere) {
      if (!isThere) this.#known.delete(key);
      return;
    }
    known.timer = this.#clock.after(HOLD_MS, () => {
      known.timer = undefined;
      known.isTold = isThere;
      if (!isThere) this.#known.delete(key);
      this.#onChange(known.problem, isThere);
    });
  }
}

/** Numbers in a problem's sentence change while it lasts, so they do not make it another problem. */
function keyOf({ about, text }: ProblemJson): string {
  return `${about} ${text.replace(/\d[\d.,]*/g, "0")}`;
}
