/**
 * The schedule that keeps records and torrents announced.
 *
 * {@linkcode Reannouncer} holds an entry for each record and torrent, with a due time. It announces the
 * earliest due entry first, records before torrents, and reports each outcome. Successes are repeated
 * after an interval with jitter, failures after an exponential back-off.
 *
 * Its parts: a priority queue by due time (`due_queue.ts`), the number of concurrent announcements,
 * controlled by AIMD (`aimd.ts`), the half-life of the nodes that hold our records, which shortens the
 * interval under churn (`holder_half_life.ts`), and a compact form of serialised items in memory
 * (`byte_string.ts`).
 *
 * The puts themselves are the manager's (`../records`). Due times are kept across restarts by the owner,
 * who hands them in and is told each new one.
 *
 * Start with `reannounce.ts`.
 *
 * @module
 */

export {
  type AnnounceReport,
  type KeptRecord,
  Reannouncer,
  type ReannouncerOptions,
} from "./reannounce.ts";
