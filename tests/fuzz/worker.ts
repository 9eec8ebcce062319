/**
 * The thread in which a fuzz target runs. The thread copies each input to memory shared with the
 * watchdog before the input is used. The watchdog can therefore report an input that hangs the
 * thread.
 */

/// <reference lib="deno.worker" />

import { seededRandom } from "../support/simulated_dht.ts";
import { Broken, type Extent, fuzz } from "./target.ts";
import { targets } from "./targets/mod.ts";

/** A fuzzing job that the watchdog requests. */
export interface Job {
  target: string;
  seed: number;
  inputs?: number;
  forMs?: number;
  /** Minimum number of damaged inputs in the job, even if its time is over. */
  leastInputs?: number;
  /**
   * Shared memory with two 32-bit numbers: the number of inputs so far, and the length of the
   * current input.
   */
  progress: SharedArrayBuffer;
  input: SharedArrayBuffer;
}

/** The result of a fuzzing job: counts of inputs and bytes, or the input that broke the target. */
export type Outcome =
  | { kind: "held"; inputs: number; damaged: number; rssBytes: number; allocatedBytes: number }
  | { kind: "broke"; input: Uint8Array; why: string };

self.onmessage = async ({ data }: MessageEvent<Job>) => {
  const target = targets.find(({ name }) => name === data.target)!;
  const progress = new Int32Array(data.progress);
  const shared = new Uint8Array(data.input);
  const extent: Extent = {
    inputs: data.inputs,
    leastInputs: data.leastInputs,
    untilMs: data.forMs === undefined ? undefined : performance.now() + data.forMs,
  };
  const random = seededRandom(data.seed);
  try {
    const { count, damaged, worstBytes } = await fuzz(target, random, extent, (input) => {
      shared.set(input);
      Atomics.store(progress, 1, input.length);
      Atomics.add(progress, 0, 1);
    });
    self.postMessage(
      {
        kind: "held",
        inputs: count,
        damaged,
        rssBytes: Deno.memoryUsage().rss,
        allocatedBytes: worstBytes,
      } satisfies Outcome,
    );
  } catch (error) {
    const input = error instanceof Broken ? error.input : new Uint8Array();
    const why = error instanceof Error ? error.stack ?? error.message : String(error);
    self.postMessage({ kind: "broke", input, why } satisfies Outcome);
  }
};
