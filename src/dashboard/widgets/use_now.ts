/**
 * The present time for texts such as `in 5 min`, which go on by themselves.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import { useSession } from "../data/mod.ts";

/** Returns the present time, Unix milliseconds, anew after each `everyMs` milliseconds. */
export function useNow(everyMs: number): number {
  const { clock } = useSession();
  const [nowMs, setNow] = useState(() => clock.now());
  useEffect(() => clock.after(everyMs, () => setNow(clock.now())), [clock, nowMs, everyMs]);
  return nowMs;
}
