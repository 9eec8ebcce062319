/**
 * Kept entries of name indexes that are dated in the future. Readers drop such entries and do not find
 * their packages by name, until the publisher signs them again with `publish`.
 *
 * @module
 */

import { type Clock, CLOCK_TOLERANCE_MS } from "../base/mod.ts";
import type { StateDatabase } from "../store/mod.ts";

/** A kept entry dated in the future. */
export interface FutureEntry {
  name: string;
  /** Public key of its publisher, 32 bytes. */
  publicKey: Uint8Array;
  /** Time of signing in the entry, Unix milliseconds. */
  signedMs: number;
}

/** Most names in one message, which counts the others. */
const MAX_NAMED = 5;

/** The kept entries that readers drop at this time. */
export function futureEntries(
  { records }: Pick<StateDatabase, "records">,
  nowMs: number,
): FutureEntry[] {
  const rows = records.entriesAfter(nowMs + CLOCK_TOLERANCE_MS);
  return rows.map(({ name, item: { publicKey, seq } }) => ({
    name: name!,
    publicKey,
    signedMs: seq,
  }));
}

/**
 * The finding and the advice, for people.
 *
 * @param entries at least one
 */
export function describeFutureEntries(
  entries: readonly FutureEntry[],
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

/** Warns of kept entries dated in the future. A write of the index would warn, too, but needs a DHT. */
export function warnOfFutureEntries(
  { state, clock, onWarning }: {
    state: Pick<StateDatabase, "records">;
    clock: Clock;
    onWarning: (message: string) => void;
  },
): void {
  const nowMs = clock.now();
  const entries = futureEntries(state, nowMs);
  if (entries.length === 0) return;
  const { what, mend } = describeFutureEntries(entries, nowMs);
  onWarning(`${what}: ${mend}`);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
