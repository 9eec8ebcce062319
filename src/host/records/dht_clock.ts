/**
 * Checks this machine's clock against the DHT. DHT nodes do not report the time, but name indexes in the
 * DHT contain it: other machines rewrite the index of each name hourly, with the time as its `seq`, under
 * a key that depends on the UTC day. Indexes that this home uses but does not write show the time of
 * other machines.
 *
 * Anybody can write an index. The result is therefore reliable enough for a warning, but not for setting
 * a clock.
 *
 * @module
 */

import { CLOCK_TOLERANCE_MS } from "../../base/mod.ts";
import type { Operations } from "../../control/mod.ts";
import { lookUpRecord } from "../../fetching/mod.ts";
import {
  dayOf,
  manifestSalt,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
} from "../../records/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";

/** A package name that this home uses and another publisher owns. */
export interface UsedName {
  name: string;
  /** Public key of the publisher, 32 bytes. */
  publicKey: Uint8Array;
  /**
   * Version of the package that this home has resolved. A DHT lookup of its manifest record shows whether
   * the package is in the DHT at all.
   */
  version?: string;
}

/** Result of checking this machine's clock against the DHT. */
export type ClockVerdict =
  /** No name index or record was found for a comparison. */
  | { kind: "unknown" }
  /**
   * The clock agrees with the median time of name indexes. `names` is the number of compared package
   * names.
   */
  | { kind: "agrees"; names: number }
  /** This machine's clock is behind or ahead by at least `byMs` milliseconds. */
  | { kind: "behind" | "ahead"; byMs: number; names: number }
  /**
   * The DHT has manifest records of the packages, but no index of the package names for the days around
   * this machine's date. So this machine's date is probably wrong.
   */
  | { kind: "other-date"; names: number };

/** Maximum number of package names to look up. Each name costs one DHT lookup for each day in `DAYS`. */
const MAX_NAMES = 6;
/** Maximum number of pins that are read in search of package names of other publishers. */
const MAX_PINS = 64;
/** Days whose name indexes are looked up, relative to this machine's date: 0 is today, 1 is tomorrow. */
const DAYS = [1, 0, -1, -2];
/**
 * Maximum age of a name index in the DHT (ms). DHT nodes delete an index two hours after the last put,
 * and the writer of an index renews the `seq` after half an hour.
 */
const INDEX_LIFE_MS = 3 * 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Returns package names that this home uses and whose indexes only other machines rewrite.
 *
 * @param ownKey public key of this home's own publisher, 32 bytes, if it has one
 */
export function usedNames(
  state: Pick<StateDatabase, "pins" | "records">,
  ownKey: Uint8Array | undefined,
): UsedName[] {
  const used: UsedName[] = [];
  for (const { name, publicKey, lastVersion } of state.pins.others(ownKey, MAX_PINS)) {
    if (used.length === MAX_NAMES) break;
    // A name whose index this home writes is skipped, since the index shows this machine's own time.
    if (state.records.list({ kind: "name-entry", name }).length > 0) continue;
    used.push({ name, publicKey, version: lastVersion });
  }
  return used;
}

/** Compares this machine's clock with the indexes of the given names. Throws the errors of `lookUp`. */
export async function askDhtClock(
  operations: Pick<Operations, "lookUp">,
  names: readonly UsedName[],
  nowMs: number,
  signal?: AbortSignal,
): Promise<ClockVerdict> {
  const asked = names.slice(0, MAX_NAMES);
  const found = await Promise.all(asked.map((one) => newestSeq(operations, one, nowMs, signal)));
  const seqs = found.filter((seq) => seq !== undefined).sort((a, b) => a - b);
  if (seqs.length > 0) {
    // The median of the times is correct unless half of the indexes are forged.
    const medianMs = seqs[Math.floor((seqs.length - 1) / 2)]!;
    const count = { names: seqs.length };
    if (medianMs > nowMs + CLOCK_TOLERANCE_MS) {
      return { kind: "behind", byMs: medianMs - nowMs, ...count };
    }
    const aheadMs = nowMs - medianMs - INDEX_LIFE_MS;
    return aheadMs > 0 ? { kind: "ahead", byMs: aheadMs, ...count } : { kind: "agrees", ...count };
  }
  const alive = await Promise.all(asked.map((one) => isAlive(operations, one, signal)));
  const count = alive.filter(Boolean).length;
  return count > 0 ? { kind: "other-date", names: count } : { kind: "unknown" };
}

/** Describes the result of the check for the user. `isWrong` is set if the clock seems wrong. */
export function describeClock(verdict: ClockVerdict): { what: string; isWrong: boolean } {
  if (verdict.kind === "unknown") {
    return { what: "nothing in the DHT to compare it with", isWrong: false };
  }
  const { kind, names } = verdict;
  const by = names === 1 ? "the index of a name" : `the indexes of ${names} names`;
  if (kind === "agrees") {
    return { what: `${by} in the DHT agree${names === 1 ? "s" : ""}`, isWrong: false };
  }
  if (kind === "other-date") {
    const what =
      `the date seems to be wrong: packages that this home uses are in the DHT, and no index ` +
      "of their names for the days around this one";
    return { what, isWrong: true };
  }
  const what = `it seems to be ${kind} by ${words(verdict.byMs)} or more, by ${by} in the DHT`;
  return { what, isWrong: true };
}

/** Formats a duration in minutes, hours or days, whichever suits its length. */
function words(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

async function newestSeq(
  operations: Pick<Operations, "lookUp">,
  { name, publicKey }: UsedName,
  nowMs: number,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const salt = nameIndexSalt(name, nameIndexSlot(publicKey));
  const found = await Promise.all(DAYS.map(async (offset) => {
    const { publicKey } = nameIndexKeyPair(name, dayOf(nowMs) + offset);
    const lookup = await lookUpRecord(operations, { publicKey, salt }, signal);
    if (lookup.kind !== "found") return undefined;
    const { seq } = lookup.item;
    return isOfDay(seq, dayOf(nowMs) + offset) ? seq : undefined;
  }));
  const seqs = found.filter((seq) => seq !== undefined);
  return seqs.length > 0 ? Math.max(...seqs) : undefined;
}

/**
 * Whether the `seq` of an index (Unix ms) lies within a UTC day, with a tolerance. If the `seq` lies
 * outside of the day to which the index belongs, a machine with a wrong clock wrote the index.
 */
function isOfDay(seq: number, day: number): boolean {
  const [first, last] = [day * DAY_MS, (day + 1) * DAY_MS];
  return seq >= first - CLOCK_TOLERANCE_MS && seq <= last + CLOCK_TOLERANCE_MS;
}

async function isAlive(
  operations: Pick<Operations, "lookUp">,
  { name, publicKey, version }: UsedName,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (version === undefined) return false;
  const key = { publicKey, salt: manifestSalt(name, version) };
  return (await lookUpRecord(operations, key, signal)).kind === "found";
}
