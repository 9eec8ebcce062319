/**
 * The schedule that keeps records and torrents announced in the DHT.
 *
 * {@linkcode Reannouncer} keeps an entry with a due time for each record and torrent. It announces
 * the earliest due entry first, records before torrents, and reports each outcome. A success is
 * repeated after an interval with jitter, a failure after an exponential back-off (`intervals.ts`). An
 * entry with `isOnce` leaves the schedule after one announcement. A rendezvous counts as a torrent.
 *
 * Its parts: `announcement.ts` has the types of announcements. `due_queue.ts` is a priority queue by
 * due time. `aimd.ts` limits the number of concurrent announcements. `holder_half_life.ts` estimates
 * the half-life of the nodes that hold our records; a short half-life shortens the interval.
 * `byte_string.ts` is a compact form of serialised items in memory.
 *
 * The DHT manager (`../records`) performs the puts. The caller stores due times across restarts: it
 * passes them in, and receives each new due time in a report.
 *
 * Start with `reannounce.ts`.
 *
 * @module
 */

export type { AnnounceReport, KeptRecord } from "./announcement.ts";
export { Reannouncer, type ReannouncerOptions } from "./reannounce.ts";
