/**
 * Runs asynchronous work for many items, with a maximum number of items at a time.
 *
 * @module
 */

/**
 * Calls `work` for each item in order, with a maximum of `limit` calls running concurrently. After
 * the first failure no further item is started, and running calls are told to abort. The promise
 * settles only when all running calls have ended.
 *
 * @param outer cancels everything when it aborts
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
