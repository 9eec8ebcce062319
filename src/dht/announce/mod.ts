/**
 * The schedule that keeps records and torrents announced.
 *
 * @module
 */

export {
  type AnnounceReport,
  type HexRecord,
  Reannouncer,
  type ReannouncerOptions,
} from "./reannounce.ts";
