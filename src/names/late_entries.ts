/**
 * Kept entries of name indexes that are dated in the future: readers leave them out, so that their
 * packages are not found by name. Only finds and describes them; a publish mends them.
 *
 * @module
 */

import { type Clock, CLOCK_TOLERANCE_MS } from "../base/mod.ts";
import type { StateDatabase } from "../store/mod.ts";

/** A kept entry that is dated in the future. */
export interface LateEntry {
  name: string;
  /** Its publisher, 32 bytes. */
  publicKey: Uint8Array;
  /** When the entry says that it was signed, Unix milliseconds. */
  signedMs: number;
}

/** How many names a message has at most; of more it says the number. */
const MAX_NAMED = 5;

/** The kept entries that readers leave out now, by name. */
export function lateEntries(
  { records }: Pick<StateDatabase, "records">,
  nowMs: number,
): LateEntry[] {
  const rows = records.entriesAfter(nowMs + CLOCK_TOLERANCE_MS);
  return rows.map(({ name, item: { publicKey, seq } }) => ({
    name: name!,
    publicKey,
    signedMs: seq,
  }));
}

/**
 * The finding and what to do about it, for people.
 *
 * @param entries at least one
 */
export function describeLateEntries(
  entries: readonly LateEntry[],
  nowMs: number,
): { what: string; mend: string } {
  const names = [...new Set(entries.map(({ name }) => name))];
  const named = names.slice(0, MAX_NAMED).join(", ");
  const others = names.length - MAX_NAMED;
  const list = others > 0 ? `${named} and ${others} more` : named;
  const latest = iso(Math.max(...entries.map(({ signedMs }) => signedMs)));
  return {
    what:
      `readers do not find ${list} by name: the index entry is dated in the future (${latest}, ` +
      `and it is ${iso(nowMs)} here)`,
    mend:
      "if this machine's clock is right, the publisher has to run `libreseed publish` again, of " +
      "the same version or another; else set the clock",
  };
}

/** Warns of them, if there are any. Without a DHT no write of an index would say so. */
export function warnOfLateEntries(
  { state, clock, onWarning }: {
    state: Pick<StateDatabase, "records">;
    clock: Clock;
    onWarning: (message: string) => void;
  },
): void {
  const nowMs = clock.now();
  const entries = lateEntries(state, nowMs);
  if (entries.length === 0) return;
  const { what, mend } = describeLateEntries(entries, nowMs);
  onWarning(`${what}: ${mend}`);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
