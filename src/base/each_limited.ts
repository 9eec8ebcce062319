/**
 * Bounded concurrency: work on many items, a few at a time.
 *
 * @module
 */

/**
 * Does the work for each item in order, for at most `limit` items at a time. The first failure aborts
 * the work under way, and no more items are begun. All work has ended when the promise settles.
 *
 * The items are taken one by one from a single iterator, so an iterable that grows meanwhile is
 * followed.
 *
 * @param outer cancels the work under way and the items left
 * @param work gets a signal that aborts with `outer` or at the first failure
 * @throws the first failure, or the reason of `outer`
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
