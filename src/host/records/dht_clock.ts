/**
 * What the DHT says of our clock. Nodes tell no time, but the index of a name does: whoever keeps it
 * alive writes it anew each hour at the place of the UTC day, with the time as its `seq`. So the names
 * of others that this home uses, and does not keep itself, show what others take for the present.
 *
 * Anybody can write an index, so this is a hint and no proof: enough to warn, not to set a clock by.
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

/** A name of somebody else that this home uses. */
export interface UsedName {
  name: string;
  /** Its publisher, 32 bytes. */
  publicKey: Uint8Array;
  /** A version that was got. */
  version?: string;
}

/** A comparison of our clock with the DHT's records. */
export type ClockVerdict =
  /** Nothing was found to compare with. */
  | { kind: "unknown" }
  /** `names` of the indexes fit. */
  | { kind: "agrees"; names: number }
  /** Our clock is off by at least so many milliseconds. */
  | { kind: "behind" | "ahead"; byMs: number; names: number }
  /** Packages are kept alive whose names are in no index of the days around our date. */
  | { kind: "other-date"; names: number };

/** Names that are looked up at most: each costs a lookup a day that is looked at. */
const MAX_NAMES = 6;
/** Pins that are looked at to find them. */
const MAX_PINS = 64;
/** Days beside our own whose index is looked up. */
const DAYS = [1, 0, -1, -2];
/**
 * Nodes forget an index two hours after it was put last, and it gets a new `seq` once it is half an hour
 * old: one that is there was written within this time.
 */
const INDEX_LIFE_MS = 3 * 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The names of others in a home's state whose index somebody else keeps alive.
 *
 * @param ownKey this home's own publisher, 32 bytes, if it has one
 */
export function usedNames(
  state: Pick<StateDatabase, "pins" | "records">,
  ownKey: Uint8Array | undefined,
): UsedName[] {
  const used: UsedName[] = [];
  for (const { name, publicKey, lastVersion } of state.pins.others(ownKey, MAX_PINS)) {
    if (used.length === MAX_NAMES) break;
    // What this home writes itself would show its own clock.
    if (state.records.list({ kind: "name-entry", name }).length > 0) continue;
    used.push({ name, publicKey, version: lastVersion });
  }
  return used;
}

/** Compares our clock with the indexes of some names. Throws what looking up throws. */
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
    // Half of the indexes would have to lie.
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

/** The verdict in words, and whether something is wrong. */
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

/** Minutes, hours or days, whichever says most in few digits. */
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

/** Whether a `seq` may be the time of a right clock: others wrote another day's index. */
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
