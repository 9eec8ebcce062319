/**
 * The system's clock, made faster, so that tests of minutes take seconds.
 *
 * @module
 */

import { type Clock, systemClock } from "../../src/base/mod.ts";

/** Makes a clock on which so many seconds pass in each second. */
export function fastClock(factor: number): Clock {
  return {
    now: () => systemClock.now() * factor,
    after: (delayMs, fire) => systemClock.after(delayMs / factor, fire),
  };
}
