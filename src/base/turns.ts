/**
 * Splits long computations into parts, so that a process can handle other events between the parts
 * and can abort the computation.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- importing it would load Node's modules with this folder

/** Resolves after all pending events of the event loop have been handled. */
export function pause(): Promise<void> {
  const { setImmediate } = process.getBuiltinModule("node:timers");
  return new Promise((resolve) => setImmediate(resolve));
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
