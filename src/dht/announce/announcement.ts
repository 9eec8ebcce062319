/**
 * Types of the announcements of records and torrents: the operations that the schedule uses, what
 * it is given to announce, and what it reports.
 *
 * @module
 */

import type { MutableItem } from "../../records/mod.ts";
import type {
  AnnounceOutcome,
  OperationOptions,
  PutOutcome,
  PutRequestOptions,
} from "../records/mod.ts";

/** The methods of the DHT manager that the schedule uses. */
export interface Announcer {
  put(item: MutableItem, options: PutRequestOptions): Promise<PutOutcome>;
  announcePeer(
    infoHash: Uint8Array,
    port: number,
    options: OperationOptions,
  ): Promise<AnnounceOutcome>;
}

/** Report of one finished announcement, for the caller to store. */
export interface AnnounceReport {
  kind: "record" | "torrent";
  /** Target of the record or infohash of the torrent, 40 hexadecimal digits. */
  idHex: string;
  /** Time at which the announcement began, Unix milliseconds. */
  atMs: number;
  /** Due time of the next announcement, Unix milliseconds. */
  nextDueMs: number;
  /** Number of consecutive failures, including this announcement; 0 after a success. */
  failures: number;
  /** Port that was announced for a torrent. */
  port?: number;
  /** Outcome of the put of a record; absent if the put could not run. */
  put?: PutOutcome;
  /** Outcome of the announcement of a torrent; absent if the announcement could not run. */
  announce?: AnnounceOutcome;
  /** Error that the announcement threw; absent if there is an outcome. */
  error?: unknown;
}

/** A record to announce regularly, with the due time that the caller has stored. */
export interface KeptRecord {
  /** The serialised item of the record; see `encodeItem`. */
  item: Uint8Array;
  /** First due time, Unix milliseconds. A record with a past due time is announced at once. */
  dueMs: number;
  /** Number of consecutive announcements that have failed so far. */
  failures: number;
  /** Whether the record leaves the schedule after its next announcement, whatever the outcome. */
  isOnce?: boolean;
}
