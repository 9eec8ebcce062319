/**
 * The span of time that a plot shows.
 *
 * @module
 */

/**
 * Returns the first and the last time of a plot, Unix seconds: those of its values, or an earlier first one,
 * so that the plot shows at least `leastSeconds`.
 *
 * @param times times of the values, rising
 * @param now the end of a plot without values
 */
export function spanOf(
  times: ArrayLike<number>,
  leastSeconds: number,
  now: number,
): [first: number, last: number] {
  const last = times[times.length - 1] ?? now;
  return [Math.min(times[0] ?? last, last - leastSeconds), last];
}
