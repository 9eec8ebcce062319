/**
 * Timers of the DHT manager and the schedule: an error in one of them must not end the thread, and
 * with it the seeding.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";

/** The same clock, whose timers hand what they throw to `onError`. */
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
