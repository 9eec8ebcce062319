/**
 * Long work in parts, so that a process has time for others and can be ended meanwhile.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- importing it would load Node's modules with this folder

/** Resolves when everything else that is due has had its turn. */
export function pause(): Promise<void> {
  const { setImmediate } = process.getBuiltinModule("node:timers");
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Runs a generator to its end, and pauses wherever it yields.
 *
 * @throws whatever the generator throws, or aborted the signal
 */
export async function inTurns<T>(work: Generator<void, T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = work.next();
    if (done) return value;
    await pause();
  }
}
