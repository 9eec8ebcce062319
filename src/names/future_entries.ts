/**
 * Finds entries of name indexes that this home keeps and that are dated in the future. Readers drop such
 * entries and do not find the packages by name, until the publisher signs the entries again with `publish`.
 *
 * @module
 */

import { type Clock, CLOCK_TOLERANCE_MS, isoTime } from "../base/mod.ts";
import type { StateDatabase } from "../store/mod.ts";

/** An entry of a name index that this home keeps and that is dated in the future. */
export interface FutureEntry {
  name: string;
  /** Public key of the publisher that signed the entry, 32 bytes. */
  publicKey: Uint8Array;
  /** Time of signing according to the entry, Unix milliseconds. */
  signedMs: number;
}

/** Maximum number of names in one message. The message gives the number of further names. */
const MAX_NAMED = 5;

/** Returns the kept entries that are dated after `nowMs`. Readers drop such entries. */
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
 * Describes entries dated in the future for the user: the problem, and how to solve it.
 *
 * @param entries one or more entries
 */
export function describeFutureEntries(
  entries: readonly FutureEntry[],
  nowMs: number,
): { what: string; mend: string } {
  const names = [...new Set(entries.map(({ name }) => name))];
  const named = names.slice(0, MAX_NAMED).join(", ");
  const others = names.length - MAX_NAMED;
  const list = others > 0 ? `${named} and ${others} more` : named;
  const latest = isoTime(Math.max(...entries.map(({ signedMs }) => signedMs)));
  return {
    what:
      `readers do not find ${list} by name: the index entry is dated in the future (${latest}, ` +
      `and it is ${isoTime(nowMs)} here)`,
    mend:
      "if this machine's clock is right, the publisher has to run `libreseed publish` again, of " +
      "the same version or another; else set the clock",
  };
}

/**
 * Warns of kept entries that are dated in the future. This check works without the DHT. Writing an index
 * checks the entries, too, but needs the DHT.
 */
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
