/**
 * Many things to do, a few at a time.
 *
 * @module
 */

/**
 * Does the work for each item, at most `limit` at a time, in their order. At the first failure the
 * work in hand is aborted and nothing more is begun; when this settles, nothing goes on.
 *
 * @param outer ends it from outside
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
  const rest = [...items].values();
  let first: { error: unknown } | undefined;
  const run = async () => {
    for (const item of rest) {
      if (signal.aborted) return;
      try {
        await work(item, signal);
      } catch (error) {
        first ??= { error };
        failed.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, run));
  outer?.throwIfAborted();
  if (first) throw first.error;
}
