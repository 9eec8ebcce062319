/** Runs fuzz targets in a worker thread, and detects when that thread hangs or crashes. */

import { MAX_INPUT_BYTES } from "../support/mutator.ts";
import type { Job, Outcome } from "./worker.ts";

/**
 * Time without progress after which an input counts as hung. Inputs are small and normally take
 * milliseconds.
 */
const HANG_MS = 30_000;
const CHECK_MS = 250;

/** Runs fuzzing jobs one after the other. Replaces the worker thread after a hang or a crash. */
export class Watchdog implements Disposable {
  readonly #progress = new SharedArrayBuffer(8);
  readonly #input = new SharedArrayBuffer(MAX_INPUT_BYTES);
  #worker: Worker | undefined;

  /** Runs a fuzzing job. Never rejects: a hang or a crash of the thread is one of the outcomes. */
  run(job: Omit<Job, "progress" | "input">): Promise<Outcome> {
    const worker = this.#worker ??= new Worker(import.meta.resolve("./worker.ts"), {
      type: "module",
    });
    const progress = new Int32Array(this.#progress);
    return new Promise((resolve) => {
      let seen = -1;
      let stillMs = 0;
      const settle = (outcome: Outcome) => {
        clearInterval(checking);
        resolve(outcome);
      };
      const fail = (why: string) => {
        worker.terminate();
        this.#worker = undefined;
        const length = Atomics.load(progress, 1);
        settle({ kind: "broke", input: new Uint8Array(this.#input).slice(0, length), why });
      };
      const checking = setInterval(() => {
        const inputs = Atomics.load(progress, 0);
        stillMs = inputs === seen ? stillMs + CHECK_MS : 0;
        seen = inputs;
        if (stillMs >= HANG_MS) fail(`hung for ${HANG_MS / 1_000} s`);
      }, CHECK_MS);
      worker.onmessage = ({ data }: MessageEvent<Outcome>) => settle(data);
      worker.onerror = (event) => {
        event.preventDefault();
        fail(`uncaught: ${event.message}`);
      };
      worker.postMessage({ ...job, progress: this.#progress, input: this.#input } satisfies Job);
    });
  }

  [Symbol.dispose](): void {
    this.#worker?.terminate();
  }
}
