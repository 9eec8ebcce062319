/**
 * Cells of records: the holders, and when the record is announced next.
 *
 * @module
 */

import type { RecordJson } from "../../control/mod.ts";
import { formatAgo, formatDate, formatDuration } from "../parts/mod.ts";
import { HolderStrip } from "./holder_strip.tsx";
import { useNow } from "./use_now.ts";

/** Pause after which relative times are written anew (ms). */
const PAUSE_MS = 5_000;

/** Time of the next announcement, relative to now. */
export function Due({ atMs }: { atMs: number | undefined }) {
  const nowMs = useNow(PAUSE_MS);
  if (atMs === undefined) return <>–</>;
  const words = atMs < nowMs - 1_000
    ? `overdue for ${formatDuration(nowMs - atMs)}`
    : formatAgo(atMs, nowMs);
  return <time dateTime={new Date(atMs).toISOString()} title={formatDate(atMs)}>{words}</time>;
}

/** The strip of holders with its count: `3 of 8`. */
export function HolderCount({ record }: { record: RecordJson }) {
  const { holding, asked, weak } = record;
  return (
    <span class="holders">
      <span aria-hidden="true">
        {asked === 0 ? "–" : `${Math.min(holding, asked)} of ${asked}`}
      </span>
      <HolderStrip counts={record} weak={weak} />
    </span>
  );
}
