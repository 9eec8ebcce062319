/**
 * Splits long computations into parts, so that a process can handle other events between the parts
 * and can abort the computation.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- importing it would load Node's modules with this folder

import { delay, systemClock } from "./clock.ts";

/**
 * Time after which a pause rests (ms). While something is always ready to run, Deno looks at sockets only at
 * every 61st turn of its event loop, so that parts of 5 ms would keep a socket waiting for 300 ms.
 */
const RESTS_AFTER_MS = 20;
let restedMs = performance.now();

/**
 * Resolves after the pending events of the event loop have been handled. If the last rest is more than
 * 20 ms ago, the pause rests: it takes 1 ms longer, and the events of sockets are handled, too.
 */
export async function pause(): Promise<void> {
  if (performance.now() - restedMs < RESTS_AFTER_MS) {
    const { setImmediate } = process.getBuiltinModule("node:timers");
    return await new Promise((resolve) => setImmediate(resolve));
  }
  // Deno looks at sockets while the event loop waits for a timer.
  await delay(systemClock, 0);
  restedMs = performance.now();
}

/**
 * Runs a generator to its end and returns its result. At each `yield`, other events are handled.
 *
 * @throws the generator's error, or the abort reason of `signal`
 */
export async function inTurns<T>(work: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = work.next();
    if (done) return value;
    await pause();
  }
}

/** Yields the parts of something long. Between two parts, other events are handled. */
export async function* pausing<T>(parts: Iterable<T>): AsyncGenerator<T, void> {
  let isFirst = true;
  for (const part of parts) {
    if (!isFirst) await pause();
    isFirst = false;
    yield part;
  }
}

/** Yields the items in arrays of `count`; the last one may have fewer. Items are read when they are needed. */
export function* slices<T>(items: Iterable<T>, count: number): Generator<T[], void> {
  let slice: T[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < count) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}
