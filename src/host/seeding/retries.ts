/**
 * Retries to seed archives that failed for a temporary reason: the file was still being written, too many
 * files were open, the disk failed, or a permission was missing. An archive that failed verification is not
 * retried here. `watch.ts` reports such an archive again when its file changes.
 *
 * @module
 */

import { type Clock, LibreseedError, type Timer } from "../../base/mod.ts";

/** First and longest pause before the retry of an archive (ms). The pause doubles with each failure. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 60_000];

/**
 * Codes of errors that a retry may solve, although errors of their kind `verification` are otherwise
 * permanent.
 */
const TEMPORARY_CODES = new Set(["UNREADABLE"]);
/**
 * Codes of errors that a retry cannot solve while the files are unchanged, although errors of their kinds
 * are otherwise temporary.
 */
const LASTING_CODES = new Set([
  ...["SECRET_FOUND", "PACKAGE_NOT_FOUND", "LINK_REFUSED", "NOT_A_FILE", "NEWER_FORMAT"],
]);

/** Whether an error is temporary: a retry may succeed although the archive is unchanged. */
export function isTemporary(error: unknown): boolean {
  if (!(error instanceof LibreseedError)) return true;
  if (TEMPORARY_CODES.has(error.code)) return true;
  return error.kind !== "verification" && !LASTING_CODES.has(error.code);
}

interface Failed {
  failures: number;
  dueMs: number;
}

/**
 * Schedule of retries for archives that could not be seeded. An archive is identified by its file name.
 */
export class Retries {
  readonly #clock: Clock;
  readonly #look: (fileName: string) => Promise<void>;
  readonly #failed = new Map<string, Failed>();
  #timer: Timer | undefined;
  #timerMs = Infinity;
  #looking: Promise<void> | undefined;
  #stopped = false;

  /**
   * Creates an empty schedule.
   *
   * @param look retries an archive, then calls {@linkcode Retries.failed} or {@linkcode Retries.forget};
   * must not reject
   */
  constructor(clock: Clock, look: (fileName: string) => Promise<void>) {
    this.#clock = clock;
    this.#look = look;
  }

  /**
   * Schedules a retry of an archive after 1 s. After further failures, the pause doubles up to a minute.
   *
   * @returns whether this is the first failure since the archive last succeeded
   */
  failed(fileName: string): boolean {
    const failures = (this.#failed.get(fileName)?.failures ?? 0) + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    this.#failed.set(fileName, { failures, dueMs: this.#clock.now() + pauseMs });
    this.#plan();
    return failures === 1;
  }

  /**
   * Cancels the retries of an archive. Called when the archive succeeded, was deleted, or failed
   * permanently.
   */
  forget(fileName: string): void {
    this.#failed.delete(fileName);
  }

  /** Stops all retries. The promise resolves when the running retry has ended. */
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

  /**
   * Retries due archives one after the other, since they may have failed because too many files were open.
   */
  async #lookAtDue(): Promise<void> {
    const nowMs = this.#clock.now();
    for (const [fileName, { dueMs }] of [...this.#failed]) {
      if (this.#stopped) return;
      // If the due time is further away than the maximum pause, the clock was set back after the failure.
      // The archive then counts as due.
      const isDue = dueMs <= nowMs || dueMs > nowMs + LONGEST_PAUSE_MS;
      if (isDue && this.#failed.has(fileName)) await this.#look(fileName);
    }
  }
}
