/**
 * The rates of the last minutes, as the daemon has reported them since the page was opened.
 *
 * @module
 */

import type { EventOf, Live } from "./live.ts";
import { Store } from "./store.ts";

/** Rates at one moment, and the DHT packets in the second before it. */
export interface Rate extends EventOf<"rates"> {
  /** Packets of both DHT families a second; `null` for the first rate after a pause. */
  packetsInSpeed: number | null;
  packetsOutSpeed: number | null;
}

/** Maximum number of rates: five minutes at one a second. */
const MAX_RATES = 300;
/** Distance of two rates from which on there has been a pause (ms). */
const PAUSE_MS = 5_000;

/** Gathers the rates that a stream of events reports. */
export function gatherRates(live: Live): Store<readonly Rate[]> {
  const rates = new Store<readonly Rate[]>([]);
  live.on("rates", (event) => rates.set(withRate(rates.value, event)));
  return rates;
}

/** Adds a rate to the earlier ones, and drops the oldest beyond the maximum. */
export function withRate(earlier: readonly Rate[], event: EventOf<"rates">): readonly Rate[] {
  const last = earlier.at(-1);
  const ms = last === undefined ? Infinity : event.timeMs - last.timeMs;
  // A daemon that has started again counts its packets from 0.
  const isNext = last !== undefined && ms > 0 && ms < PAUSE_MS &&
    event.packetsIn >= last.packetsIn && event.packetsOut >= last.packetsOut;
  const speedOf = (key: "packetsIn" | "packetsOut") =>
    isNext ? (event[key] - last[key]) * 1_000 / ms : null;
  const rate: Rate = {
    ...event,
    packetsInSpeed: speedOf("packetsIn"),
    packetsOutSpeed: speedOf("packetsOut"),
  };
  const kept = earlier.filter(({ timeMs }) => timeMs < event.timeMs);
  return [...kept, rate].slice(-MAX_RATES);
}
