/**
 * The last day of a daemon at steps of one minute, in memory, for the operation `history`. A step without
 * a measurement is a gap: the daemon did not run, the machine was suspended, or its clock was set.
 *
 * @module
 */

import type { Clock, Timer } from "../../base/mod.ts";
import type { HistoryJson } from "../../control/mod.ts";

const STEP_MS = 60_000;
/** Number of steps in a day. */
const STEPS = 1_440;
/**
 * Largest difference between a step and the time since the measurement before it, milliseconds. With a
 * larger one, the machine was suspended, or its clock was set; the counters then say nothing of the step.
 */
const MAX_OFF_MS = 15_000;

/** Least time between two measurements (ms). */
const MIN_WAIT_MS = 5_000;

/** A measurement. Counters count since any time in the past; they start again when the host does. */
export interface Sample {
  uploadedBytes: number;
  downloadedBytes: number;
  packetsIn: number;
  packetsOut: number;
  announced: number;
  announcedWell: number;
  /** Values at the time of the measurement; `undefined` if there is none. */
  peers: number;
  roundTripMs: number | undefined;
  residentBytes: number;
}

type Series = Exclude<keyof HistoryJson, "firstMs" | "stepMs">;

/** A day at steps of one minute: nine arrays of 1,440 numbers, 69,120 bytes in all. */
export class History {
  readonly #clock: Clock;
  /** The values by minute, in rings: that of a minute is at the minute's number modulo {@linkcode STEPS}. */
  readonly #rings: Record<Series, Float32Array | Float64Array> = {
    // Large numbers need more precision than 24 bits.
    uploadSpeed: empty(Float64Array),
    downloadSpeed: empty(Float64Array),
    residentBytes: empty(Float64Array),
    peers: empty(Float32Array),
    packetsIn: empty(Float32Array),
    packetsOut: empty(Float32Array),
    roundTripMs: empty(Float32Array),
    announced: empty(Float32Array),
    announcedWell: empty(Float32Array),
  };
  /** Numbers of the oldest and the newest minute; absent before the first measurement. */
  #minutes: { first: number; last: number } | undefined;
  /** The measurement before, and its time. */
  #before: { sample: Sample; timeMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Size of the arrays, bytes. */
  get byteLength(): number {
    return Object.values(this.#rings).reduce((sum, ring) => sum + ring.byteLength, 0);
  }

  /**
   * Measures at each full minute until the returned timer is cancelled.
   *
   * @param measure returns a measurement; if it rejects, the step is a gap
   */
  start(measure: () => Promise<Sample>): Timer {
    // The counters of another host start anew, so they cannot be compared with those of the one before.
    this.#before = undefined;
    let timer: Timer | undefined;
    let isEnded = false;
    const take = async () => {
      const sample = await measure().catch(() => undefined);
      if (isEnded) return;
      if (sample) this.add(sample);
      const leftMs = STEP_MS - this.#clock.now() % STEP_MS;
      // A timer may fire a little early, before the full minute that is measured.
      timer = this.#clock.after(leftMs < MIN_WAIT_MS ? leftMs + STEP_MS : leftMs, take);
    };
    void take();
    return {
      cancel() {
        isEnded = true;
        timer?.cancel();
      },
    };
  }

  /** Adds a measurement of now: to the step that ends with the full minute that is nearest. */
  add(sample: Sample): void {
    const timeMs = this.#clock.now();
    const before = this.#before;
    this.#before = { sample, timeMs };
    // The first measurement only begins the counting.
    if (!before) return;
    const minute = Math.round(timeMs / STEP_MS);
    this.#moveTo(minute);
    const { peers, roundTripMs = NaN, residentBytes } = sample;
    this.#set(minute, {
      peers,
      roundTripMs,
      residentBytes,
      ...countsBetween(before, sample, timeMs),
    });
  }

  /** Returns the steps from the oldest to the newest. */
  read(): HistoryJson {
    const { first, last } = this.#minutes ?? { first: 0, last: -1 };
    const steps = Array.from({ length: last - first + 1 }, (_, at) => (first + at) % STEPS);
    const series = Object.entries(this.#rings).map(([name, ring]) => [
      name,
      steps.map((at) => Number.isNaN(ring[at]) ? null : ring[at]!),
    ]);
    return {
      ...{ firstMs: first * STEP_MS, stepMs: STEP_MS },
      ...Object.fromEntries(series) as Omit<HistoryJson, "firstMs" | "stepMs">,
    };
  }

  /** Makes a minute the newest one. Minutes that were left out, and minutes of the future, become gaps. */
  #moveTo(minute: number): void {
    const { first, last } = this.#minutes ?? { first: minute, last: minute - 1 };
    // After the clock was set back, the newest minutes are wrong: they have not come yet.
    for (let at = Math.max(minute + 1, last - STEPS + 1); at <= last; at++) this.#set(at, {});
    for (let at = Math.max(last + 1, minute - STEPS + 1); at <= minute; at++) this.#set(at, {});
    const isBeforeAll = minute < first;
    this.#minutes = {
      first: isBeforeAll ? minute : Math.max(first, minute - STEPS + 1),
      last: minute,
    };
  }

  #set(minute: number, values: Partial<Record<Series, number>>): void {
    for (const [name, ring] of Object.entries(this.#rings)) {
      ring[minute % STEPS] = values[name as Series] ?? NaN;
    }
  }
}

function empty<T extends Float32Array | Float64Array>(kind: new (length: number) => T): T {
  return new kind(STEPS).fill(NaN) as T;
}

/**
 * Returns what was counted between two measurements; nothing if they are more than a step apart, or if a
 * counter has started again. A step that begins with the host is shorter than others, and has only its
 * announcements: a host announces most of its records right after its start.
 */
function countsBetween(
  before: { sample: Sample; timeMs: number },
  now: Sample,
  timeMs: number,
): Partial<Record<Series, number>> {
  const elapsedMs = timeMs - before.timeMs;
  const differenceOf = (name: keyof Sample) => now[name]! - before.sample[name]!;
  const uploaded = differenceOf("uploadedBytes");
  const downloaded = differenceOf("downloadedBytes");
  const packetsIn = differenceOf("packetsIn");
  const packetsOut = differenceOf("packetsOut");
  const announced = differenceOf("announced");
  const announcedWell = differenceOf("announcedWell");
  const counts = [uploaded, downloaded, packetsIn, packetsOut, announced, announcedWell];
  const isOff = elapsedMs < 0 || elapsedMs > STEP_MS + MAX_OFF_MS;
  if (isOff || counts.some((count) => count < 0)) return {};
  if (elapsedMs < STEP_MS - MAX_OFF_MS) return { announced, announcedWell };
  return {
    uploadSpeed: uploaded * 1_000 / elapsedMs,
    downloadSpeed: downloaded * 1_000 / elapsedMs,
    ...{ packetsIn, packetsOut, announced, announcedWell },
  };
}
