/**
 * A clock whose timers catch errors. An error in a timer of the DHT manager or the schedule would otherwise
 * end the thread, and with it the seeding.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";

/** Wraps a clock so that errors thrown by its timers go to `onError`. */
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
