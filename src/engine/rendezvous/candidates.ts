/**
 * Chooses the peers of a rendezvous that are dialled. Anybody can announce any number of peers there, so
 * an address counts once whatever its ports, and of one network (/24, or /48 of IPv6) one address. The
 * peers are drawn evenly from the nodes that named them, so that one node cannot crowd out the peers of
 * the others.
 *
 * @module
 */

import { formatHostPort, type HostPort, networkOf } from "../../base/mod.ts";

/** The peers that the nodes of the DHT have named. */
export class Candidates {
  readonly #admits: (peer: HostPort) => boolean;
  readonly #random: () => number;
  /** For each node's answer: the peers that are left, in random order, and the number of drawn ones. */
  readonly #lists: { left: HostPort[]; drawn: number }[] = [];
  readonly #found = new Set<string>();
  readonly #drawn = new Set<string>();

  /**
   * @param admits whether an address may be dialled
   * @param random random numbers from 0 to below 1
   */
  constructor(admits: (peer: HostPort) => boolean, random: () => number = Math.random) {
    this.#admits = admits;
    this.#random = random;
  }

  /** Number of different networks with a peer. */
  get found(): number {
    return this.#found.size;
  }

  /** Adds the peers that one node has named. */
  add(named: readonly HostPort[]): void {
    const left = named.filter(this.#admits);
    for (const peer of left) this.#found.add(keyOf(peer));
    for (let i = left.length - 1; i > 0; i--) {
      const other = Math.floor(this.#random() * (i + 1));
      [left[i], left[other]] = [left[other]!, left[i]!];
    }
    this.#lists.push({ left, drawn: 0 });
  }

  /**
   * Draws the next peer, of a node of whose peers the fewest were drawn.
   *
   * @param maxOfNode maximum number of peers drawn of one node
   */
  next(maxOfNode = Infinity): HostPort | undefined {
    for (;;) {
      let fewest: { left: HostPort[]; drawn: number } | undefined;
      for (const list of this.#lists) {
        if (list.left.length === 0 || list.drawn >= maxOfNode) continue;
        if (!fewest || list.drawn < fewest.drawn) fewest = list;
      }
      if (!fewest) return undefined;
      const peer = fewest.left.pop()!;
      const key = keyOf(peer);
      if (this.#drawn.has(key)) continue;
      this.#drawn.add(key);
      fewest.drawn++;
      return peer;
    }
  }
}

/** What counts once: a network, or a local address with its port. */
function keyOf(peer: HostPort): string {
  return networkOf(peer.host) ?? formatHostPort(peer);
}
