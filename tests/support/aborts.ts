/**
 * Listens to abort signals in fakes.
 *
 * @module
 */

/**
 * Calls `end` when a signal aborts, or at once if it has aborted: the program may give up while a fake is
 * still writing a file, and a listener that comes later hears nothing.
 */
export function whenAborted(signal: AbortSignal | undefined, end: () => void): void {
  if (signal?.aborted) end();
  else signal?.addEventListener("abort", end, { once: true });
}
