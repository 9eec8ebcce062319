/**
 * Time, handed in. Nothing below the command line reads the clock or sets a timer on its own, so a
 * test can turn a day into a millisecond.
 *
 * @module
 */

/** A running timer of a {@linkcode Clock}. */
export interface Timer {
  /** Ends it; it does not fire any more. */
  cancel(): void;
}

/** The time of day and timers. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Calls `fire` once, after `delayMs` milliseconds. */
  after(delayMs: number, fire: () => void): Timer;
}

/**
 * Difference between the clocks of two machines, milliseconds, up to which a time by the one does not
 * count as a time of the future by the other.
 */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;

/**
 * Whether a kept or received time was written by a clock that was ahead. Such a time is not carried
 * on: whoever waited for the present to catch up with it would wait for as long as the clock was wrong.
 *
 * @param timeMs Unix time in milliseconds
 */
export function isOfFuture(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + CLOCK_TOLERANCE_MS;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    const id = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(id) };
  },
};

/** Resolves after `delayMs` milliseconds of `clock`, or rejects as soon as `signal` aborts. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal!.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Calls `fire` every `intervalMs` milliseconds of `clock` until the timer is cancelled. */
export function every(clock: Clock, intervalMs: number, fire: () => void): Timer {
  let timer: Timer;
  const next = () => {
    timer = clock.after(intervalMs, () => {
      next();
      fire();
    });
  };
  next();
  return { cancel: () => timer.cancel() };
}
