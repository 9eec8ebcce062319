/**
 * Chooses some of many peers so that those of one network do not crowd out those of others. Anybody can
 * announce any number of peers of a torrent, and an answer has room for few.
 *
 * @module
 */

/**
 * Returns at most `most` items: one item of each network in turn, the networks in random order.
 *
 * @param networkOf returns the network of an item, such as its /24
 * @param random random numbers from 0 to below 1
 */
export function spread<T>(
  items: readonly T[],
  networkOf: (item: T) => string,
  most: number,
  random: () => number = Math.random,
): T[] {
  const networks = [...Map.groupBy(items, networkOf).values()]
    .map((group) => ({ group, at: random() }))
    .sort((a, b) => a.at - b.at);
  const chosen: T[] = [];
  for (let turn = 0; chosen.length < Math.min(most, items.length); turn++) {
    const next = networks.flatMap(({ group }) => turn < group.length ? [group[turn]!] : []);
    chosen.push(...next.slice(0, most - chosen.length));
  }
  return chosen;
}
