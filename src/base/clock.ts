/**
 * The interface of the clock that functions receive as an argument. Only the command line uses the
 * system's clock and timers directly, so tests can simulate a day in a millisecond.
 *
 * @module
 */

/** A timer that a {@linkcode Clock} started; it can be cancelled. */
export interface Timer {
  /** Cancels the timer. It will not fire any more. */
  cancel(): void;
}

/** A source of the current time and of timers. */
export interface Clock {
  /** Returns the current time, Unix milliseconds. */
  now(): number;
  /** Calls `fire` once, after `delayMs` milliseconds. */
  after(delayMs: number, fire: () => void): Timer;
}

/**
 * Tolerated difference between the clocks of two machines, milliseconds. A time that is ahead by no
 * more than this does not count as a time in the future.
 */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;

/**
 * Whether a stored or received time is in the future by more than the clock tolerance. The machine
 * that wrote such a time had a fast clock. Callers discard the time, because waiting for it could
 * take as long as that clock was ahead.
 *
 * @param timeMs Unix time in milliseconds
 */
export function isOfFuture(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + CLOCK_TOLERANCE_MS;
}

/**
 * Maximum distance of a signed record's sequence number from the present into the future (ms): 100
 * years. A sequence number is the time in Unix milliseconds, or that of the record before plus one. One
 * near the largest possible number would leave no room for the records that have to follow. A clock
 * that is set wrongly stays within the bound. Those who sign and those who read use the same bound.
 */
export const MAX_SEQ_AHEAD_MS = 100 * 365.25 * 86_400_000;

/** The {@linkcode Clock} that uses the time and the timers of the operating system. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    const id = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(id) };
  },
};

/** Resolves after `delayMs` milliseconds on `clock`. Rejects as soon as `signal` aborts. */
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

/** Calls `fire` every `intervalMs` milliseconds on `clock` until the timer is cancelled. */
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
