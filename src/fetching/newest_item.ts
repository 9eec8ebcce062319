/**
 * What a publisher has said before, so that the next thing it says neither forgets nor undoes it.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { ItemKey } from "../dht/mod.ts";
import { type MutableItem, nextSeq } from "../records/mod.ts";

/** The newest item of a key and salt that is known here. */
export interface NewestItem {
  item: MutableItem | undefined;
  /** The one that the DHT has. */
  shown: MutableItem | undefined;
  /** Whether the DHT was not reached, so that there may be a newer one. */
  blind: boolean;
}

/** How to look for it. */
export interface NewestOptions {
  /** The DHT was not reached a moment ago: do not ask it again. */
  blind?: boolean;
  signal?: AbortSignal;
}

/** The newer of what the DHT has and what this home keeps. */
export async function newestItem(
  operations: Pick<Operations, "lookUp" | "keptItem">,
  key: ItemKey,
  { blind = false, signal }: NewestOptions = {},
): Promise<NewestItem> {
  const found = blind ? undefined : await operations.lookUp(key, { signal }).catch((error) => {
    signal?.throwIfAborted();
    if (isNetworkError(error)) return undefined;
    throw error;
  });
  const kept = (await operations.keptItem(key)).item;
  const shown = found?.item;
  const isKeptNewer = kept !== undefined && kept.seq > (shown?.seq ?? -1);
  return {
    item: isKeptNewer ? kept : shown,
    shown,
    blind: found === undefined || found.responded === 0,
  };
}

/**
 * The sequence number of the item that follows. Signed without having seen the DHT's, an item gets the
 * lowest that it can: whatever is there already, and this home does not know of, stays.
 *
 * @param nowMs Unix time in milliseconds
 * @throws {RecordError} `SEQ_EXHAUSTED`
 */
export function seqAfter(
  { item, blind }: Pick<NewestItem, "item" | "blind">,
  nowMs: number,
): number {
  return nextSeq(blind ? 1 : nowMs, item?.seq);
}

/** Whether an error says that the network was not reached. */
export function isNetworkError(error: unknown): error is LibreseedError {
  return error instanceof LibreseedError && error.kind === "network";
}
