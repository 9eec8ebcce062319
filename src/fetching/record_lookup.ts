/**
 * Looks a record up in the DHT once. The outcome distinguishes two failures: nodes answered, but none has
 * the record; or no node answered, so whether the record exists is unknown.
 *
 * @module
 */

import type { Operations } from "../control/mod.ts";
import type { GetOutcome, ItemKey } from "../dht/mod.ts";
import { eventsFor, type OnShown } from "./head_start.ts";
import { type MutableItem, verifyItem } from "../records/mod.ts";

/**
 * Node counts of a lookup, such as the numbers of nodes that were asked, that responded and that hold the
 * record.
 */
export type LookupCounts = Omit<GetOutcome, "item" | "others">;

/** Outcome of one lookup of a record: found, absent or unanswered. */
export type RecordLookup =
  & LookupCounts
  & (
    /**
     * The record was found, and the signature of `item` was verified. `others` are older versions of the
     * record, or other versions with the same `seq`.
     */
    | { kind: "found"; item: MutableItem; others: MutableItem[] }
    /** A number of nodes, `responded`, have answered, but none has the record. */
    | { kind: "absent" }
    /** No node answered, so whether the record exists is unknown. */
    | { kind: "unanswered" }
  );

/**
 * Looks a record up once.
 *
 * @param onShown called with each verified record that a node shows before the lookup has ended, if its
 * `seq` is the highest yet
 * @throws {LibreseedError} kind `network` if the host runs without the DHT; or the signal's abort reason
 */
export async function lookUpRecord(
  operations: Pick<Operations, "lookUp">,
  key: ItemKey,
  signal?: AbortSignal,
  onShown?: OnShown,
): Promise<RecordLookup> {
  return recordLookup(await operations.lookUp(key, { signal, onEvent: eventsFor(onShown) }));
}

/**
 * Verifies the item that the DHT manager returned, and converts the result to a {@linkcode RecordLookup}.
 */
export function recordLookup({ item, others, ...counts }: GetOutcome): RecordLookup {
  // The DHT manager verified the item in another thread or process. A second verification is cheap.
  const isForged = item !== undefined && !verifyItem(item);
  if (item && !isForged) return { kind: "found", item, others, ...counts };
  const invalid = counts.invalid + (isForged ? 1 : 0);
  return { kind: counts.responded > 0 ? "absent" : "unanswered", ...counts, invalid };
}
