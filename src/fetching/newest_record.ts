/**
 * Finds the newest record of a key, in the DHT, at its publisher's rendezvous or among the records that this
 * home keeps, and computes the sequence number of the next record. A publisher reads the newest record before
 * writing, so that the new record contains all earlier entries and has a higher sequence number.
 *
 * @module
 */

import { type Clock, LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { ItemKey } from "../dht/mod.ts";
import { type MutableItem, nextSeq } from "../records/mod.ts";
import { lookUpRecord } from "./record_lookup.ts";
import { Asking, itemsIn } from "./rendezvous.ts";

/** The newest record of one public key and salt, as far as this home knows. */
export interface NewestRecord {
  /** The record in the DHT, at the rendezvous or in this home, whichever is newest. */
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
  /**
   * The publisher at whose rendezvous the record is asked for, too. The peers there are asked
   * beside the DHT if this home keeps no record, and after it if the DHT shows no record, or an
   * older one than this home keeps. For an announce record or a publisher record.
   */
  rendezvous?: { identity: Uint8Array; clock: Clock };
}

/**
 * Returns the newest of the records in the DHT, at the publisher's rendezvous, and in this home. One that is
 * only at the rendezvous is not `published`.
 */
export async function newestRecord(
  operations: Pick<Operations, "lookUp" | "keptItem" | "askRendezvous">,
  key: ItemKey,
  { isOffline = false, signal, rendezvous }: NewestOptions = {},
): Promise<NewestRecord> {
  const kept = (await operations.keptItem(key)).item;
  const ask = () => {
    if (isOffline || !rendezvous) return undefined;
    const { identity: publicKey, clock } = rendezvous;
    return new Asking(operations, { publicKey }, { clock, signal });
  };
  const beside = kept ? undefined : ask();
  const lookup = isOffline
    ? undefined
    : await lookUpRecord(operations, key, signal).catch((error) => {
      signal?.throwIfAborted();
      if (isNetworkError(error)) return undefined;
      throw error;
    });
  const published = lookup?.kind === "found" ? lookup.item : undefined;
  const isWanting = !published || kept !== undefined && published.seq < kept.seq;
  const asking = isWanting && lookup ? beside ?? ask() : beside;
  const answers = await (isWanting ? asking?.end() : asking?.moment()) ?? [];
  const [met] = itemsIn(answers, key);
  // At equal `seq`, what the DHT shows counts.
  const [item] = [published, kept, met].filter((one) => one !== undefined)
    .sort((a, b) => b.seq - a.seq);
  return {
    item,
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
