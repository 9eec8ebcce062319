/**
 * The times at which the indexes of names are written or looked at. How often depends on how this home
 * cares for a name: as its publisher, or as a mirror (`mirror_draw.ts`).
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import { dayOf } from "../../records/mod.ts";
import type { KeptNameRow } from "../../store/mod.ts";
import type { Care } from "./mirror_draw.ts";
import { ENTRY, idOf, type KeptName, slotOf } from "./name_rows.ts";

/** Care of this home for a name. A publisher writes its index without asking whether others do. */
export type NameCare = "publisher" | Care;

/** Schedule of one slot of a name index. Times are Unix milliseconds. */
export interface DueName extends KeptName {
  /** UTC day of the last write, counted from the Unix epoch. */
  day?: number;
  nextDueMs: number;
  lastAttemptMs: number;
  /**
   * Sequence number of the index if this home was the last to write it; absent otherwise. The home
   * that has written an index goes on, until it sees that another home writes it.
   */
  writtenSeq?: number;
  /** Identities of the publishers whose entries in this slot are kept, 32 bytes each. */
  publicKeys: Uint8Array[];
}

/** Options of {@linkcode NameSchedule}. */
export interface NameScheduleOptions {
  clock: Clock;
  /** Returns a random number from 0 inclusive to 1 exclusive. */
  random?: () => number;
  intervalMs: () => number;
  /** Returns the care of this home for a name of these publishers (32 bytes each). Default: `publisher`. */
  care?: (name: string, publicKeys: readonly Uint8Array[]) => NameCare;
}

const DAY_MS = 86_400_000;
/** Share by which intervals vary in both directions. */
const SPREAD = 0.1;
/** Number of intervals between two looks of a reserve at a name. */
const RESERVE_INTERVALS = 2;
/** Interval at which mirrors look at names that others keep (ms). */
const ONLOOKER_MS = 3 * DAY_MS;
/** Allowance for the duration of a write and for the ticks of the schedule (ms). */
const SLACK_MS = 5 * 60_000;
/** Lifetime of an item on a node after its last put (BEP 44). */
const ITEM_LIFE_MS = 2 * 3_600_000;

/** The due times of all slots of name indexes that this home keeps. */
export class NameSchedule {
  readonly #options: NameScheduleOptions;
  readonly #names = new Map<string, DueName>();

  /** @param rows the indexes and entries in `state.db` */
  constructor(options: NameScheduleOptions, rows: Iterable<KeptNameRow>) {
    this.#options = options;
    for (const { kind, name, version, publicKey, ...times } of rows) {
      const slot = slotOf(kind, version, publicKey);
      const { createdMs, writtenSeq, nextDueMs = 0, lastAttemptMs = 0 } = times;
      const isIndex = kind !== ENTRY;
      const before = this.#names.get(idOf({ name, slot }));
      const publicKeys = [...before?.publicKeys ?? [], ...(isIndex ? [] : [publicKey])];
      if (before && (!isIndex || (before.day ?? 0) > dayOf(createdMs))) {
        before.publicKeys = publicKeys;
        continue;
      }
      const day = isIndex ? dayOf(createdMs) : undefined;
      const due = { day, nextDueMs, lastAttemptMs, publicKeys, writtenSeq };
      this.#names.set(idOf({ name, slot }), { name, slot, ...due });
    }
  }

  /** All slots. */
  get all(): DueName[] {
    return [...this.#names.values()];
  }

  /** Adds a publisher's entry. A new slot is due at once. */
  add({ name, slot }: KeptName, publicKey: Uint8Array): void {
    const before = this.#names.get(idOf({ name, slot }));
    if (before) before.publicKeys.push(publicKey);
    else {
      const due = { nextDueMs: 0, lastAttemptMs: 0, publicKeys: [publicKey] };
      this.#names.set(idOf({ name, slot }), { name, slot, ...due });
    }
  }

  /**
   * Sets the time of the last attempt and the next due time of an index.
   *
   * @param writtenSeq see {@linkcode DueName}
   */
  plan(kept: KeptName, nowMs: number, nextDueMs: number, writtenSeq?: number): void {
    const publicKeys = this.#names.get(idOf(kept))?.publicKeys ?? [];
    const { name, slot } = kept;
    const times = { day: dayOf(nowMs), nextDueMs, lastAttemptMs: nowMs };
    this.#names.set(idOf(kept), { name, slot, ...times, publicKeys, writtenSeq });
  }

  /** Returns the care of this home for a slot. */
  careOf(kept: KeptName): NameCare {
    const { publicKeys = [] } = this.#names.get(idOf(kept)) ?? {};
    return this.#options.care?.(kept.name, publicKeys) ?? "publisher";
  }

  /**
   * Returns the pause until the next look at a slot (ms), with jitter.
   *
   * @param isWritten whether this home has just written it. A mirror that had to write it goes on as a keeper
   * until another one is seen to do it
   */
  pauseMs(kept: KeptName, isWritten: boolean): number {
    const { random = Math.random } = this.#options;
    const care = isWritten ? "keeper" : this.careOf(kept);
    return Math.round(this.#intervalMs(care) * (1 + SPREAD * (2 * random() - 1)));
  }

  /**
   * Returns the age up to which an index counts as fresh (ms): a publisher or keeper has written it
   * not longer than an interval ago. An older one could expire before the next look at it.
   */
  get freshMs(): number {
    const longestMs = this.#options.intervalMs() * (1 + SPREAD) + SLACK_MS;
    return Math.max(Math.min(longestMs, ITEM_LIFE_MS - longestMs), 0);
  }

  /** Returns the slots that are due. */
  due(): DueName[] {
    return this.all.filter((kept) => this.#isDue(kept));
  }

  #intervalMs(care: NameCare): number {
    const intervalMs = this.#options.intervalMs();
    if (care === "reserve") return RESERVE_INTERVALS * intervalMs;
    return care === "onlooker" ? ONLOOKER_MS : intervalMs;
  }

  /**
   * Whether a slot is due. After midnight UTC every slot is due that this home keeps, since its target has
   * changed.
   */
  #isDue(kept: DueName): boolean {
    const { day, nextDueMs, lastAttemptMs } = kept;
    const nowMs = this.#options.clock.now();
    // If the time of the last attempt lies in the future, the clock was set back after that attempt. The
    // index then counts as due.
    if (nextDueMs <= nowMs || lastAttemptMs > nowMs) return true;
    const care = this.careOf(kept);
    const keeps = care === "publisher" || care === "keeper";
    if (day !== dayOf(nowMs)) return day === undefined || keeps;
    // A reload may have shortened the interval, and a change of the mirrors may have made this home a
    // keeper, so an index is also due once the current interval has passed since the last attempt.
    return lastAttemptMs + this.#intervalMs(care) * (1 + SPREAD) < nowMs;
  }
}
