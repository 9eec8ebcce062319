/**
 * The entries of a name that the peers at its rendezvous have told. Peers may lie: an entry counts only with
 * the signature of its publisher, and each answer has the same share of what is looked at.
 *
 * @module
 */

import { isOfFuture, toHex } from "../base/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { type NameIndexEntry, newestEntries, verifyNameIndexEntry } from "../records/mod.ts";
import type { Trust } from "../trust/mod.ts";
import { type ReadIndex, timely, unrevoked } from "./name_index.ts";

/**
 * Maximum number of entries that are taken from all answers. At most 64 peers are asked, and each answer has
 * its turn, so the first entry of an honest answer always gets in.
 */
const MAX_MET = 64;

/** The entries in the answers, as those of an index are counted. */
export type MetEntries = Pick<ReadIndex, "entries" | "byRevokedKey" | "dropped" | "ofFuture">;

/**
 * Returns the valid entries of a name in the answers of peers: in turn one of each answer, at most 64. An
 * answer with an entry that its publisher has not signed is the answer of a liar; the rest of it is left
 * out unread.
 */
export function entriesMet(
  name: string,
  answers: readonly { entries: readonly NameIndexEntry[]; from: string }[],
  nowMs: number,
  trust: Trust | undefined,
): MetEntries {
  const dropped: string[] = [];
  const valid = new Map<string, NameIndexEntry>();
  let honest = answers.map(({ entries, from }) => ({ entries, from }));
  for (let turn = 0; honest.length > 0 && valid.size < MAX_MET; turn++) {
    honest = honest.filter(({ entries, from }) => {
      const entry = entries[turn];
      if (!entry) return false;
      const id = toHex(entry.signature);
      if (valid.size >= MAX_MET || isSame(valid.get(id), entry)) return true;
      if (verifyNameIndexEntry(name, entry)) valid.set(id, entry);
      else {
        dropped.push(
          `entry of ${formatPublicKey(entry.publicKey)}, told by ${from}: bad-signature`,
        );
        return false;
      }
      return true;
    });
  }
  const all = [...valid.values()];
  const timed = timely(all, nowMs, dropped);
  const good = unrevoked(timed, trust, dropped);
  const entries = newestEntries(good);
  return {
    entries,
    byRevokedKey: newestEntries(without(timed.filter((one) => !good.includes(one)), entries)),
    dropped,
    ofFuture: all.filter(({ timestampMs }) => isOfFuture(timestampMs, nowMs)).length,
  };
}

/** Returns the entries of publishers that have none among `others`. */
export function without(
  entries: readonly NameIndexEntry[],
  others: readonly NameIndexEntry[],
): NameIndexEntry[] {
  const counted = new Set(others.map(({ publicKey }) => toHex(publicKey)));
  return entries.filter(({ publicKey }) => !counted.has(toHex(publicKey)));
}

/** Whether an entry is the one that was verified before; a forged one can have its signature. */
function isSame(a: NameIndexEntry | undefined, b: NameIndexEntry): boolean {
  return a !== undefined && a.version === b.version && a.firstSeenMs === b.firstSeenMs &&
    a.timestampMs === b.timestampMs && toHex(a.publicKey) === toHex(b.publicKey);
}
