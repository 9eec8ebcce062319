/**
 * Time of day and timers of the browser, for all of the dashboard. Tests hand in others.
 *
 * @module
 */

/** Time of day and timers. Durations and times are in milliseconds. */
export interface BrowserClock {
  /** Unix time. */
  now(): number;
  /** Calls `run` once after a delay. Returns a function that cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** The browser's own time. */
export const browserClock: BrowserClock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
