/**
 * Looks again at archives that could not be read or seeded for a reason that may pass: somebody was
 * writing to them, too many files were open, the disk had trouble, a permission was missing. What is
 * wrong with an archive itself is not looked at again before the archive changes; that is `watch.ts`'s.
 *
 * @module
 */

import { type Clock, LibreseedError, type Timer } from "../../base/mod.ts";

/** The first pause; each further one is twice as long, up to the longest. Milliseconds. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 60_000];

/** Codes of kind `verification` that say nothing against the archive. */
const PASSING_CODES = new Set(["UNREADABLE"]);
/** Codes of other kinds that do, or that only somebody can mend who changes the files. */
const LASTING_CODES = new Set(["SECRET_FOUND", "PACKAGE_NOT_FOUND", "LINK_REFUSED", "NOT_A_FILE"]);

/** Whether what went wrong may go well later, though the archive stays as it is. */
export function isTemporary(error: unknown): boolean {
  if (!(error instanceof LibreseedError)) return true;
  if (PASSING_CODES.has(error.code)) return true;
  return error.kind !== "verification" && !LASTING_CODES.has(error.code);
}

interface Failed {
  failures: number;
  dueMs: number;
}

/** The archives that are to be looked at again, by their file names. */
export class Retries {
  readonly #clock: Clock;
  readonly #look: (fileName: string) => Promise<void>;
  readonly #failed = new Map<string, Failed>();
  #timer: Timer | undefined;
  #timerMs = Infinity;
  #looking: Promise<void> | undefined;
  #stopped = false;

  /**
   * @param look looks at an archive, and calls {@linkcode Retries.failed} or {@linkcode Retries.forget}.
   * Does not reject
   */
  constructor(clock: Clock, look: (fileName: string) => Promise<void>) {
    this.#clock = clock;
    this.#look = look;
  }

  /**
   * Looks again at an archive that failed, after 1 s, 2 s, 4 s … up to a minute.
   *
   * @returns whether it is the first time in a row
   */
  failed(fileName: string): boolean {
    const failures = (this.#failed.get(fileName)?.failures ?? 0) + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    this.#failed.set(fileName, { failures, dueMs: this.#clock.now() + pauseMs });
    this.#plan();
    return failures === 1;
  }

  /** Does not look at it any more: it went well, is gone, or will fail for as long as it is the same. */
  forget(fileName: string): void {
    this.#failed.delete(fileName);
  }

  /** Looks at nothing any more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  #plan(): void {
    if (this.#stopped || this.#looking) return;
    const dueMs = Math.min(...[...this.#failed.values()].map((one) => one.dueMs));
    if (dueMs >= this.#timerMs || dueMs === Infinity) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    const sleepMs = Math.min(Math.max(0, dueMs - this.#clock.now()), LONGEST_PAUSE_MS);
    this.#timer = this.#clock.after(sleepMs, () => {
      this.#timer = undefined;
      this.#timerMs = Infinity;
      this.#looking = this.#lookAtDue().finally(() => {
        this.#looking = undefined;
        this.#plan();
      });
    });
  }

  /** One after the other: it may be for too many open files that they failed. */
  async #lookAtDue(): Promise<void> {
    const nowMs = this.#clock.now();
    for (const [fileName, { dueMs }] of [...this.#failed]) {
      if (this.#stopped) return;
      // Nothing is due later than that, unless the clock has been set back since.
      const isDue = dueMs <= nowMs || dueMs > nowMs + LONGEST_PAUSE_MS;
      if (isDue && this.#failed.has(fileName)) await this.#look(fileName);
    }
  }
}
