/**
 * Random order.
 *
 * @module
 */

/**
 * Shuffles an array in place (Fisher–Yates).
 *
 * @param random random numbers from 0 to below 1
 */
export function shuffle<T>(items: T[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1));
    [items[last], items[at]] = [items[at]!, items[last]!];
  }
}
