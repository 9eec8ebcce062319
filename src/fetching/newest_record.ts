/**
 * Finds the newest record of a key, in the DHT or among the records that this home keeps, and computes
 * the sequence number of the next record. A publisher reads the newest record before writing, so that the
 * new record contains all earlier entries and has a higher sequence number.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { ItemKey } from "../dht/mod.ts";
import { type MutableItem, nextSeq } from "../records/mod.ts";
import { lookUpRecord } from "./record_lookup.ts";

/** The newest record of one public key and salt, as far as this home knows. */
export interface NewestRecord {
  /** The record in the DHT or the record kept by this home, whichever is newer. */
  item: MutableItem | undefined;
  /** The record found in the DHT; `undefined` if there is none or the DHT did not answer. */
  published: MutableItem | undefined;
  /** Whether the DHT did not answer. The DHT may then hold a newer record than `item`. */
  isOffline: boolean;
}

/** Options of {@linkcode newestRecord}. */
export interface NewestOptions {
  /**
   * Whether the caller knows that the DHT did not answer a moment ago. If set, the lookup in the DHT is
   * skipped.
   */
  isOffline?: boolean;
  signal?: AbortSignal;
}

/** Returns the newer of two records: the one in the DHT, and the one that this home keeps. */
export async function newestRecord(
  operations: Pick<Operations, "lookUp" | "keptItem">,
  key: ItemKey,
  { isOffline = false, signal }: NewestOptions = {},
): Promise<NewestRecord> {
  const lookup = isOffline
    ? undefined
    : await lookUpRecord(operations, key, signal).catch((error) => {
      signal?.throwIfAborted();
      if (isNetworkError(error)) return undefined;
      throw error;
    });
  const kept = (await operations.keptItem(key)).item;
  const published = lookup?.kind === "found" ? lookup.item : undefined;
  const isKeptNewer = kept !== undefined && kept.seq > (published?.seq ?? -1);
  return {
    item: isKeptNewer ? kept : published,
    published,
    isOffline: lookup === undefined || lookup.kind === "unanswered",
  };
}

/**
 * Returns the sequence number of the next record. If the DHT did not answer, this is the lowest possible
 * number, so that the new record cannot replace an unknown record in the DHT.
 *
 * @param nowMs Unix time in milliseconds
 * @throws {RecordError} `SEQ_EXHAUSTED`
 */
export function seqAfter(
  { item, isOffline }: Pick<NewestRecord, "item" | "isOffline">,
  nowMs: number,
): number {
  return nextSeq(isOffline ? 1 : nowMs, item?.seq);
}

/** Whether an error is a failure of the network (kind `network`). */
export function isNetworkError(error: unknown): error is LibreseedError {
  return error instanceof LibreseedError && error.kind === "network";
}
