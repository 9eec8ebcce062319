/**
 * Bounded concurrency: runs asynchronous work for many items, with a maximum number at a time.
 *
 * @module
 */

/**
 * Calls `work` for each item in order, with a maximum of `limit` calls running concurrently. The
 * first failure aborts the signal of the running calls, and no further item is started. The promise
 * settles only when all running calls have ended. Items that are added to `items` meanwhile are
 * processed too.
 *
 * @param outer cancels the running calls and the remaining items when it aborts
 * @param work receives a signal that aborts with `outer` or at the first failure
 * @throws the first failure, or the abort reason of `outer`
 */
export async function eachLimited<T>(
  items: Iterable<T>,
  limit: number,
  outer: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const signal = outer ? AbortSignal.any([outer, failed.signal]) : failed.signal;
  const rest = items[Symbol.iterator]();
  let first: { error: unknown } | undefined;
  const lane = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      if (signal.aborted) return;
      try {
        await work(next.value, signal);
      } catch (error) {
        first ??= { error };
        failed.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  outer?.throwIfAborted();
  if (first) throw first.error;
}
