/**
 * One lookup of a record in the DHT, the only one in the program. A record that is missing and a network
 * that does not answer are different outcomes, which callers have to tell apart.
 *
 * @module
 */

import type { Operations } from "../control/mod.ts";
import type { GetOutcome, ItemKey } from "../dht/mod.ts";
import { type MutableItem, verifyItem } from "../records/mod.ts";

/** Counts of nodes in a lookup: asked, responded, holding the record, … */
export type LookupCounts = Omit<GetOutcome, "item" | "others">;

/** Outcome of one lookup. */
export type RecordLookup =
  & LookupCounts
  & (
    /** `item` has a verified signature; `others` are older items, or other items of the same `seq`. */
    | { kind: "found"; item: MutableItem; others: MutableItem[] }
    /** `responded` nodes answered, and none has the record. */
    | { kind: "absent" }
    /** No node answered, so the record may exist. */
    | { kind: "unanswered" }
  );

/**
 * Looks a record up once.
 *
 * @throws {LibreseedError} kind `network` if the owner of the engine has no DHT; the signal's reason
 */
export async function lookUpRecord(
  operations: Pick<Operations, "lookUp">,
  key: ItemKey,
  signal?: AbortSignal,
): Promise<RecordLookup> {
  return recordLookup(await operations.lookUp(key, { signal }));
}

/** Verifies what the DHT manager found, and names the outcome. */
export function recordLookup({ item, others, ...counts }: GetOutcome): RecordLookup {
  // The manager has verified the item in another thread or process; verifying it again is cheap.
  const isForged = item !== undefined && !verifyItem(item);
  if (item && !isForged) return { kind: "found", item, others, ...counts };
  const invalid = counts.invalid + (isForged ? 1 : 0);
  return { kind: counts.responded > 0 ? "absent" : "unanswered", ...counts, invalid };
}
