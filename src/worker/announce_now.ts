/**
 * Announces some records and torrents of the schedule at once.
 *
 * @module
 */

import { eachLimited } from "../base/mod.ts";
import type { Reannouncer } from "../dht/mod.ts";
import { type ReportData, reportToData } from "./protocol.ts";

/** Maximum number of records that are announced concurrently. */
const MAX_ANNOUNCING = 8;

/**
 * Announces records and torrents, given by target or infohash. Those that are not in the schedule are left
 * out.
 *
 * @param urgent marks foreground work, which does not wait for the rate limiter
 * @param signal aborting it leaves out what has not begun
 */
export function announceEach(
  schedule: Reannouncer,
  idsHex: readonly string[],
  urgent: boolean,
  signal: AbortSignal,
  onReport: (report: ReportData) => void,
): Promise<void> {
  return eachLimited(idsHex, MAX_ANNOUNCING, undefined, async (id) => {
    if (signal.aborted) return;
    const report = await schedule.announceNow(id, urgent);
    if (report) onReport(reportToData(report));
  });
}
