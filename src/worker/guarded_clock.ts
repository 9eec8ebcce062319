/**
 * A clock whose timers catch errors. Without it, an error in a timer of the DHT manager or of the
 * announcement schedule would end the worker thread and stop the seeding.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";

/** Wraps a clock. Errors thrown by callbacks of its timers go to `onError`. */
export function guardedClock(clock: Clock, onError: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    after: (delayMs, fire) =>
      clock.after(delayMs, () => {
        try {
          fire();
        } catch (error) {
          onError(error);
        }
      }),
  };
}
