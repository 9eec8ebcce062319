/**
 * The newest record of a key that this home or the DHT has, and the sequence number of its successor. A
 * publisher reads it before each write, so that the write neither forgets nor undoes an earlier one.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { ItemKey } from "../dht/mod.ts";
import { type MutableItem, nextSeq } from "../records/mod.ts";
import { lookUpRecord } from "./record_lookup.ts";

/** The newest known record of one key and salt. */
export interface NewestRecord {
  /** The newer of the published and the kept record. */
  item: MutableItem | undefined;
  /** The record in the DHT. */
  published: MutableItem | undefined;
  /** Whether the DHT did not answer, so that it may have a newer record. */
  isOffline: boolean;
}

/** Options of {@linkcode newestRecord}. */
export interface NewestOptions {
  /** Whether the DHT did not answer a moment ago; it is then not asked. */
  isOffline?: boolean;
  signal?: AbortSignal;
}

/** Finds the newer of the record in the DHT and the record that this home keeps. */
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
 * The sequence number of the next record. Without an answer of the DHT it is the lowest possible, so that
 * a published record that this home does not know stays.
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

/** Whether an error says that the network was not reached. */
export function isNetworkError(error: unknown): error is LibreseedError {
  return error instanceof LibreseedError && error.kind === "network";
}
