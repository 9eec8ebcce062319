/**
 * Runs fuzz targets in a thread of their own and watches that it goes on.
 *
 * @module
 */

import { MAX_INPUT_BYTES } from "./mutator.ts";
import type { Job, Outcome } from "./worker.ts";

/** An input that takes longer than this hangs: each is bounded and takes milliseconds. */
const HANG_MS = 30_000;
const LOOK_MS = 250;

/** Runs jobs one after the other. Makes the thread anew if a job hung it. */
export class Watch implements Disposable {
  readonly #progress = new SharedArrayBuffer(8);
  readonly #input = new SharedArrayBuffer(MAX_INPUT_BYTES);
  #worker: Worker | undefined;

  /** Never rejects: whatever happens to the thread is the outcome. */
  run(job: Omit<Job, "progress" | "input">): Promise<Outcome> {
    const worker = this.#worker ??= new Worker(import.meta.resolve("./worker.ts"), {
      type: "module",
    });
    const progress = new Int32Array(this.#progress);
    return new Promise((resolve) => {
      let seen = -1;
      let stillMs = 0;
      const settle = (outcome: Outcome) => {
        clearInterval(looking);
        resolve(outcome);
      };
      const fail = (why: string) => {
        worker.terminate();
        this.#worker = undefined;
        const length = Atomics.load(progress, 1);
        settle({ kind: "broke", input: new Uint8Array(this.#input).slice(0, length), why });
      };
      const looking = setInterval(() => {
        const inputs = Atomics.load(progress, 0);
        stillMs = inputs === seen ? stillMs + LOOK_MS : 0;
        seen = inputs;
        if (stillMs >= HANG_MS) fail(`hung for ${HANG_MS / 1_000} s`);
      }, LOOK_MS);
      worker.onmessage = ({ data }: MessageEvent<Outcome>) => settle(data);
      worker.onerror = (event) => {
        event.preventDefault();
        fail(`thrown where nobody catches it: ${event.message}`);
      };
      worker.postMessage({ ...job, progress: this.#progress, input: this.#input } satisfies Job);
    });
  }

  [Symbol.dispose](): void {
    this.#worker?.terminate();
  }
}
